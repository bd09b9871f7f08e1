"""The error raised for a file that cannot be imported."""


class WorkbookRefusedError(Exception):
    """The message is one sentence with the reason and what to do."""
