from __future__ import annotations

from doctor.conftest import Site, key, site

__all__ = ["Site", "key", "site"]
