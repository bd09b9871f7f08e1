"""Shapes a rented server: what it must have, made so where it is not."""
