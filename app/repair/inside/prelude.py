"""What must have been done before the repository's modules can be imported, as the process that failed had done it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_MOVED = re.compile(r"cannot import name '\w+' from 'collections'|module 'collections' has no attribute")
# Python 3.10 took these names away; a process that runs such code has put them back.
COLLECTIONS = (
    "import collections.abc",
    "for name in collections.abc.__all__:",
    "    setattr(collections, name, getattr(collections.abc, name))",
)


def prelude_for(error: Mapping[str, str], task: Mapping[str, Any]) -> tuple[str, ...]:
    """The statements that answer the error; empty if there are none."""
    if _MOVED.search(error["message"]):
        return COLLECTIONS
    if error["exception"] == "ImproperlyConfigured" and "settings are not configured" in error["message"]:
        settings = task.get("django_settings")
        if settings:
            return (
                "import os",
                "import django",
                f'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{settings}")',
                "django.setup()",
            )
        return ("import django", "from django.conf import settings", "settings.configure()", "django.setup()")
    return ()
