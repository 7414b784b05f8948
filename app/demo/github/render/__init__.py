"""How GitHub writes its records as JSON: a module per area, a function per shape of its description."""
