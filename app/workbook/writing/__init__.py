"""Workbooks and lists out."""
