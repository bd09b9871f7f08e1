"""Import and export of Excel workbooks: read, map, check, compare, apply, export."""
