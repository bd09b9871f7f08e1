"""Automation: its settings, and what of its digests was sent."""
