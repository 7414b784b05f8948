"""Autofix: production anomalies that repair themselves."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("autofix-app")
except PackageNotFoundError:  # running from a checkout that was never installed
    __version__ = "0+unknown"
