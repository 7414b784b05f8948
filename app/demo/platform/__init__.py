"""A tiny hosting platform on the loopback interface, and the customers who use what it hosts."""

from app.demo.platform.hosting import Platform
from app.demo.platform.traffic import Traffic

__all__ = ["Platform", "Traffic"]
