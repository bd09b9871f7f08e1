"""No form counts unless we rendered it for this browser and it comes from our pages; over every unsafe route."""

import pytest
from support.browser import Browser, path_of

from app.web.http.csrf import SAFE_METHODS
from app.web.http.signing import derived, signature


@pytest.fixture(params=["nothing", "another login's token", "cross-site", "same-site", "another origin", "no origin"])
def attack(request, settings):
    """What a browser on another site would send, or somebody with a token of their own."""
    foreign = signature(derived(settings.secret_key, "csrf"), "another-jti")
    return {
        "nothing": (lambda _: {}, {}),
        "another login's token": (lambda _: {"csrf_token": foreign}, {}),
        "cross-site": (lambda token: {"csrf_token": token}, {"Sec-Fetch-Site": "cross-site"}),
        "same-site": (lambda token: {"csrf_token": token}, {"Sec-Fetch-Site": "same-site"}),
        "another origin": (lambda token: {"csrf_token": token}, {"Origin": "https://evil.example"}),
        "no origin": (lambda token: {"csrf_token": token}, {"Origin": "null"}),
    }[request.param]


def test_every_unsafe_route_refuses_a_form_that_is_not_ours(app, browser, attack):
    fields, headers = attack
    token = browser.csrf_token()
    pages = [route for route in app.routes if not route.rule.startswith("/api/v1")]  # programs send no cookie
    unsafe = [route for route in pages if route.method not in SAFE_METHODS]

    assert len(unsafe) >= 2
    for route in unsafe:
        answer = browser.request(
            path_of(route.rule), method=route.method, POST=fields(token), headers=headers, expect_errors=True
        )
        assert answer.status_int == 403, route.rule
    assert browser.get("/").status_int == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://localhost:80"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:80"},
    ],
)
def test_our_own_form_counts(browser, headers):
    answer = browser.post("/sign-out", {"csrf_token": browser.csrf_token()}, headers=headers)

    assert answer.status_int == 303


def test_the_sign_in_form_counts_only_with_the_cookie_it_came_with(app, stranger, user):
    form = stranger.get("/sign-in").forms[0]
    fields = {"email": "ann@example.com", "password": "correct horse battery", "csrf_token": form["csrf_token"].value}

    assert Browser(app).post("/sign-in", fields, expect_errors=True).status_int == 403
    assert stranger.post("/sign-in", fields).status_int == 303


def test_an_empty_secret_makes_no_token_genuine(app, settings, user):
    forged = signature(derived(settings.secret_key, "csrf"), "")

    answer = Browser(app).post("/sign-in", {"csrf_token": forged}, expect_errors=True)

    assert answer.status_int == 403


def test_a_refused_form_changes_nothing(browser, user, clock):
    browser.post("/sign-out", {}, expect_errors=True)

    assert browser.get("/").status_int == 200


def test_the_page_says_what_to_do_about_a_form_out_of_date(browser):
    page = browser.post("/sign-out", {}, expect_errors=True)

    assert "Please open the page again." in page.text
