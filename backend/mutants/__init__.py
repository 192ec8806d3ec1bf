"""Planted bugs, and whether the tests find them: `make mutants`."""
