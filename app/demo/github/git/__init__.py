"""The bare git repository behind every repository of the stand-in."""
