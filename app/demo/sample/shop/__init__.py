"""The order service of a small web shop."""
