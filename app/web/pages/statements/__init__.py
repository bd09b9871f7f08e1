"""Statements of account: read, printed, taken as a workbook or a PDF, and sent by mail."""
