"""Incoming payments: what payment providers say was paid, and the invoices that it may be for."""
