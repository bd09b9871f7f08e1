"""What is owed and what was paid: invoices, one or many at once, payments, and both as files."""
