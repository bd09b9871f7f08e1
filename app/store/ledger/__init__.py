"""Customers, invoices, payments, imports and the figures derived from them."""
