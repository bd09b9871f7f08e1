"""Passkeys at the level of HTTP: what browsers are asked to sign, and what is accepted of it."""
