"""What the background worker runs."""
