"""Why a provider signed nobody in: one sentence for the sign-in page, and a reason for the log."""


class ProviderError(Exception):
    """`str()` is the sentence; `reason` is for the log and never holds a token."""

    status = 422

    def __init__(self, sentence: str, reason: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class ProviderAwayError(ProviderError):
    """The provider did not answer, or not as a provider does: nothing is known of the user."""

    status = 503


class ProviderRefusedError(ProviderError):
    """The provider does not accept the code or the refresh token (any more)."""
