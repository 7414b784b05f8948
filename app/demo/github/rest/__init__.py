"""GitHub's REST API, one module per area; each declares its routes in `ROUTES`."""
