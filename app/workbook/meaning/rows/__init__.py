"""Rows become customers, invoices and payments."""
