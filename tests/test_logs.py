from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import structlog

from app.logs import configure_logs

TOKEN = "ghs_4242_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI0MjQyIn0.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def _logged(log_format: str, capsys: pytest.CaptureFixture[str], **values: object) -> str:
    configure_logs(log_format)
    fault = RuntimeError(f"refused {TOKEN}")
    structlog.get_logger().error("failed", exc_info=fault, **values)
    return capsys.readouterr().err


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_line_holds_a_token(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = _logged(log_format, capsys, fault=f"with {TOKEN}", url="https://x:hunter22@db.internal/")
    assert "RuntimeError" in text
    for piece in (*TOKEN.split(".")[1:], "hunter22"):
        assert piece not in text


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("sign", ["\x1b", "\r", "\x07", "\x9b", "\u202e"])
def test_i15_control_signs_are_written_as_escapes(
    log_format: str, sign: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = _logged(log_format, capsys, note=f"a{sign}[31mred")
    assert sign not in text
    assert f"u{ord(sign):04x}" in text


def test_i15_a_json_line_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _logged("json", capsys, note="a\n{}\n::stop-commands::x").splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["level"] == "error"
