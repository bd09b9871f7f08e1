"""The database layer: the only package that uses SQL."""
