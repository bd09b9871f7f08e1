"""Read the cells of uploaded files."""
