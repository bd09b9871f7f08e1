"""`python -m app.cli` is the command `invoices`."""

from app.cli import main

main()
