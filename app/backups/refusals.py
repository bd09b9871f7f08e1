"""Why a backup cannot be made, read or restored."""


class BackupError(Exception):
    """The message is one sentence that says what is wrong, and where it is not plain, what to do."""
