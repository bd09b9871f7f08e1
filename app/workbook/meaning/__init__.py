"""Cells to records: what tabs, columns and signs mean."""
