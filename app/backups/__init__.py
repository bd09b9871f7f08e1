"""Backups: made, encrypted, signed, stored, restored, and proved by comparing what they mean."""
