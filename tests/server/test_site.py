"""The site as it is seen from outside."""

import http.client
import json
from contextlib import closing

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
PATHS = ["/login", "/health", "/nothing-is-here", "/static/nothing.css"]
HIDDEN = ["/.git/config", "/.env", "/docker-compose.yml", "/server-status", "/metrics", "/config/", "/debug/pprof/"]


def test_D06_the_site_says_that_it_is_well(ask):
    answer = ask("/health")

    assert (answer.status, json.loads(answer.text)["status"]) == (200, "ok")


def test_A18_every_answer_carries_the_security_headers(ask):
    answers = {path: ask(path) for path in PATHS}
    wrong = {
        path: {name: answer.getheader(name) for name, value in HEADERS.items() if answer.getheader(name) != value}
        for path, answer in answers.items()
    }

    assert {path: headers for path, headers in wrong.items() if headers} == {}


def test_A18_browsers_are_told_to_come_by_https_only(ask):
    age = dict(
        part.strip().partition("=")[::2] for part in ask("/login").getheader("Strict-Transport-Security").split(";")
    )

    assert int(age["max-age"]) >= 31_536_000


def test_A19_pages_run_nothing_that_is_not_ours(ask):
    policy = ask("/login").getheader("Content-Security-Policy")

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_A15_cookies_are_bound_to_the_host(ask):
    cookies = ask("/login").headers.get_all("Set-Cookie") or []

    wanted = {"Secure", "HttpOnly", "Path=/"}
    assert [cookie for cookie in cookies if not cookie.startswith("__Host-") or wanted - set(cookie.split("; "))] == []


def test_A45_what_is_not_a_page_is_not_there(ask):
    statuses = {path: ask(path).status for path in HIDDEN}

    assert {path: status for path, status in statuses.items() if status not in {303, 302, 401, 403, 404}} == {}


def test_A45_trace_is_refused(ask):
    assert ask("/", method="TRACE").status in {403, 404, 405, 501}


def test_A45_nothing_tells_which_programs_answer(ask):
    answer = ask("/login")

    assert (answer.getheader("Server"), answer.getheader("X-Powered-By"), answer.getheader("Via")) == (None, None, None)


def test_A28_the_site_answers_by_its_own_name_only(ask, facts):
    answer = ask("/login", headers={"Host": "elsewhere.example"})

    assert "elsewhere.example" not in answer.text + str(answer.getheaders())


def test_A43_http_leads_to_https(containers, facts):
    with closing(http.client.HTTPConnection(facts["host"], 80, timeout=10)) as connection:
        connection.request("GET", "/login?a=b", headers={"Host": facts["domain"]})
        answer = connection.getresponse()
        answer.read()

    assert answer.status in {301, 308}
    assert answer.getheader("Location") == f"https://{facts['domain']}/login?a=b"


def test_A43_http_3_is_offered(ask):
    assert 'h3=":443"' in (ask("/login").getheader("Alt-Svc") or "")
