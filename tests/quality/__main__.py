"""See how good the pages are, and write docs/quality.md: `python -m tests.quality [--lighthouse PROGRAM]`.

What axe finds on every page, light and dark, on a telephone and on a desk, and what Lighthouse says of the main ones.
"""

import argparse
import tempfile
from contextlib import contextmanager
from pathlib import Path

from support import browsers
from support.next_month import upload_next_month
from support.server import running_server

from tests.quality import axe_table, lighthouse_table
from tests.quality.page import write_page


def main() -> None:
    """Start the product with the demo, measure its pages, and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lighthouse", metavar="PROGRAM", type=Path, help="where Lighthouse was installed")
    program = parser.parse_args().lighthouse
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server, signed_in(server) as page:
        upload_next_month(page, server)
        preview = page.url.removeprefix(server.address)
        found = axe_table.counted(page, preview)
        is_there = program is not None and program.exists()
        scores = lighthouse_table.measured(program, server.address, page.context.cookies(), preview) if is_there else []
    write_page(axe_table.table(found), lighthouse_table.table(scores))


@contextmanager
def signed_in(server):
    """Open a window in which the demo's user is signed in."""
    with browsers.launched() as browser:
        page = browser.new_context(base_url=server.address).new_page()
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(server.email)
        page.get_by_label("Password").fill(server.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("heading", name="What is owed").wait_for()
        yield page


if __name__ == "__main__":
    main()
