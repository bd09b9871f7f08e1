"""Entry point of `python -m app.cli`, the same as the command `invoices`."""

from app.cli import main

main()
