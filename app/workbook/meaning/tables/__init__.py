"""The tables of a tab: their headers, rows and sections."""
