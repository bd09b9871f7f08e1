"""Files to cells."""
