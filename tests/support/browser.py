"""A browser without a window: it keeps cookies, follows links and fills in forms."""

import re
import warnings

with warnings.catch_warnings():
    # webob, below webtest, still imports `cgi`, which Python 3.11 calls deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from webtest import TestApp

from argon2 import PasswordHasher

PASSWORD = "correct horse battery"
# Weak on purpose: a hash of the usual strength would take longer than the test around it.
QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
QUICK_HASH = QUICK_HASHER.hash(PASSWORD)


def path_of(rule):
    """Return an address that a route's rule takes: the first of whatever it asks for."""
    return re.sub(r"<\w+:re:([^|>]+)[^>]*>", r"\1", re.sub(r"<\w+:id>", "1", rule))


class Browser(TestApp):
    """Knows how to sign in, and where a page keeps the token of its forms."""

    def sign_in(self, email="ann@example.com", password=PASSWORD, wanted="/"):
        page = self.get("/sign-in", {"next": wanted})
        form = page.forms[0]
        form["email"] = email
        form["password"] = password
        return form.submit(expect_errors=True)

    def csrf_token(self):
        return re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.get("/").text).group(1)
