"""Files that users find at the root of our repository: in a wheel they travel inside the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
SAMPLE = HERE / "demo" / "sample"


def packaged(name: str) -> Path:
    """The file or folder `name` of our repository's root, wherever it travels."""
    inside = HERE / "demo" / f"_{name}"
    return inside if inside.exists() else HERE.parent / name


def app_manifest() -> dict[str, Any]:
    """The GitHub App's manifest, `app.yml`.

    Raises:
        ValueError: if the file that was installed is no mapping.
    """
    data = yaml.safe_load(packaged("app.yml").read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise ValueError("app.yml is no mapping")  # noqa: TRY004 - what is wrong is the file, not an argument
    return data
