"""Customers, invoices, payments, imports and the figures over them."""
