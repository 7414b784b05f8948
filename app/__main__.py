"""`python -m app` is `autofix`."""

from app.cli import main

main()
