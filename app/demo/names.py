"""What is called how in the demo: the organization, its repository, and when an error is worth an alarm."""

from __future__ import annotations

OWNER, NAME = "acme", "shop"
FULL_NAME = f"{OWNER}/{NAME}"
ENVIRONMENT = "production"
# So many errors of one kind let a tracker speak.
ALERT_AFTER = 5
