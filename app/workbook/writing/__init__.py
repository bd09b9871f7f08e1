"""Write workbooks and lists."""
