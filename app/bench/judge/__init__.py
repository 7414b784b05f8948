"""`autofix bench judge`: how often the judge is wrong, and how long it takes, in simulated incidents."""
