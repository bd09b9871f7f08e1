"""Signing in, second factors, passwords, and who may do what."""
