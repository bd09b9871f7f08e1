"""The one way in which a workbook is turned away."""


class WorkbookRefusedError(Exception):
    """The file cannot be imported; the message is one sentence that says why and what to do."""
