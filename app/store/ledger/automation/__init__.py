"""Automation: its settings, and which digests were sent."""
