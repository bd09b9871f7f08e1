"""What a telephone would do: make the code of a moment from the key that a page shows."""

import re

import pyotp


def key_on(page):
    """Read the key off the page that offers it."""
    return re.search(r"Key: <code>([A-Z2-7 ]+)</code>", page).group(1).replace(" ", "")


def code_at(secret, moment):
    """Return what the app shows at the moment."""
    return pyotp.TOTP(secret).at(moment)
