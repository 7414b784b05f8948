"""Products that are broken on purpose: pytest plugins, each of which the suite must notice."""
