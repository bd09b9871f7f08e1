"""Statements of account, and the mails that bring them."""
