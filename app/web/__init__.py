"""The way in: webhooks over HTTP, stored before they are acknowledged, then dispatched to workflows."""
