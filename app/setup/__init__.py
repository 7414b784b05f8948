"""The first run: `autofix setup` registers the GitHub App, `autofix init` brings a repository under Autofix."""
