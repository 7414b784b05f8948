"""Keeps compiled modules for the next run in the same copy, told apart by the text they were compiled from."""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import marshal
import os
import sys
from types import CodeType
from typing import Any

_HEADER = importlib.util.MAGIC_NUMBER + (0b11).to_bytes(4, "little")  # checked by the hash of the source


def keep_bytecode(root: str) -> None:
    """From now on, what is imported below `root` is compiled once for each text."""

    class Loader(importlib.machinery.SourceFileLoader):
        def get_code(self, fullname: str) -> CodeType | None:
            path = self.get_filename(fullname)
            if not path.startswith(root + os.sep):
                return super().get_code(fullname)
            return _compiled(self, path)

    hook = importlib.machinery.FileFinder.path_hook(
        (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
        (Loader, importlib.machinery.SOURCE_SUFFIXES),
        (importlib.machinery.SourcelessFileLoader, importlib.machinery.BYTECODE_SUFFIXES),
    )
    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()


def _compiled(loader: importlib.machinery.SourceFileLoader, path: str) -> CodeType:
    source = loader.get_data(path)
    header = _HEADER + importlib.util.source_hash(source)
    kept = importlib.util.cache_from_source(path)
    with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
        data = loader.get_data(kept)
        if data.startswith(header):
            found: Any = marshal.loads(data[len(header) :])  # noqa: S302 - written by this very class
            if isinstance(found, CodeType):
                return found
    code: CodeType = loader.source_to_code(source, path)
    with contextlib.suppress(OSError, ValueError):
        loader.set_data(kept, header + marshal.dumps(code))
    return code
