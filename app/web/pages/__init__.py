"""The pages, one module for each noun; those of invoices and payments are a folder."""
