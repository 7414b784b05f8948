"""A Python file's text and its bytes, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.repair.source_text import decoded, encoded


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x = 1\r\ny = 2\r",
        "# coding: latin-1\nx = 'é'\n".encode("latin-1"),
        "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'\n".encode("cp1252"),
        b"\xef\xbb\xbf# coding: utf-8\nx = 1\n",
        b"\xef\xbb\xbfx = 1\n",
        "x = 'é'\n".encode(),
    ],
)
def test_a_text_goes_there_and_back(data: bytes) -> None:
    text = decoded("m.py", data)
    assert text is not None
    assert not text.startswith("\ufeff")
    assert encoded("m.py", text, like=data) == data


@given(st.binary(max_size=60), st.sampled_from(["m.py", "m.txt"]))
def test_any_bytes_are_a_text_or_none(data: bytes, path: str) -> None:
    text = decoded(path, data)
    if text is not None:
        encoded(path, text, like=data)
