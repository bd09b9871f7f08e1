"""Two copies change their signing key one after the other, in two steps, and nobody is signed out."""

from dataclasses import dataclass

import pytest
from support.browser import Browser
from support.settings import settings_of

from app.web.application import build

OLD, NEW = "old-key-" + "o" * 32, "new-key-" + "n" * 32


@dataclass
class Copies:
    """Two copies behind a balancer, and browsers whose next request may go to either."""

    folder: object
    clock: object

    def __post_init__(self):
        self.apps = [self._copy(OLD), self._copy(OLD)]
        self.browsers = []
        self.sign_in_at(0)

    def restart(self, number, key, *accepted):
        self.apps[number] = self._copy(key, *accepted)

    def sign_in_at(self, number):
        browser = Browser(self.apps[number])
        browser.sign_in()
        self.browsers.append(browser)

    def are_all_signed_in_at_both(self):
        return {self._status(browser, app) for browser in self.browsers for app in self.apps} == {200}

    def _status(self, browser, app):
        browser.app = app
        return browser.get("/invoices", expect_errors=True).status_int

    def _copy(self, key, *accepted):
        settings = settings_of(self.folder).model_copy(update={"secret_key": key, "secret_keys_before": accepted})
        return build(settings, self.clock)


@pytest.fixture
def copies(sqlite, user, tmp_path, clock):
    return Copies(tmp_path, clock)


def test_nobody_is_signed_out_where_all_copies_accept_the_new_key_before_one_signs_with_it(copies):
    steps = []
    for number, key, accepted in [(0, OLD, NEW), (1, OLD, NEW), (0, NEW, OLD), (1, NEW, OLD)]:
        copies.restart(number, key, accepted)
        copies.sign_in_at(number)
        steps.append(copies.are_all_signed_in_at_both())

    assert steps == [True] * 4


def test_a_key_that_signs_before_all_copies_accept_it_is_unknown_to_the_others(copies):
    copies.restart(0, NEW, OLD)
    copies.sign_in_at(0)

    assert not copies.are_all_signed_in_at_both()
