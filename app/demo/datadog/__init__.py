"""A stand-in for Datadog on loopback: its Agent takes spans, its API answers the REST calls of Autofix."""

from __future__ import annotations

from app.demo.datadog.gate import ApiCall
from app.demo.datadog.monitor import ErrorMonitor, Webhook
from app.demo.datadog.server import DatadogStandIn

__all__ = ["ApiCall", "DatadogStandIn", "ErrorMonitor", "Webhook"]
