"""What commands print: texts of the ledger may hold brackets, which Rich would take for its own markup."""

from rich.console import Console

CONSOLE = Console(markup=False)
