"""What is raised where a record is not there."""


class MissingError(LookupError):
    """It does not exist, or the current user may not see it; the message is one sentence."""
