"""A walk along everything that the pages lead to, as one user, and what is wrong on the way.

Whatever a form changes is taken back before the next one is sent, so that each is sent from a page as it was found.
"""

import sqlite3
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote_from_bytes, urljoin, urlsplit

from support.browser import Browser
from support.page_parts import Form, PageParts, without_numbers
from support.security_headers import EXPECTED, carried

from app.store.db import tables
from app.web.http.csrf import FIELD

MARKUP = "\"'><img src=x onerror=probe()>"
PROBES = {
    "markup": MARKUP.encode(),
    "quotes": b"'; DROP TABLE invoices; -- \"",
    "a NUL": b"1\0a",
    "10,000 signs": b"9" * 10_000,
    "no UTF-8": b"\xff\xfe\xc3",
    "a negative number": b"-1",
    "a huge number": b"99999999999999999999",
    "an impossible day": b"2026-02-30",
    "a day before all days": b"0000-00-00",
}
_SAME_ADDRESS_SHAPE = 3  # how many addresses of the same rule and parameters are walked
_FORM_IN_FORM = 3  # how many forms deep a page that only another form leads to is followed
_FROM_OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}

Place = tuple[str, str]  # the method and the rule of a route


@dataclass
class Crawl:
    """`hidden` are words that nobody may read who walks here; `reached` are the routes that answered."""

    browser: Browser
    hidden: Collection[str] = ()
    typed: Mapping[str, str] = field(default_factory=dict)  # into fields that are empty
    most_pages: int = 400
    reached: set[Place] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    asked: dict[tuple[str, frozenset[str]], list[tuple[str, str]]] = field(default_factory=dict)
    forms: dict[tuple[str, str, frozenset[str]], tuple[str, Form]] = field(default_factory=dict)
    walked: int = 0
    _copy: sqlite3.Connection | None = None
    _seen: set[str] = field(default_factory=set)
    _shapes: Counter[tuple[str, frozenset[str]]] = field(default_factory=Counter)
    _sent: set[tuple[str, str, frozenset[str]]] = field(default_factory=set)

    def walk(self, *starts: str) -> None:
        waiting = deque(starts)
        while waiting and self.walked < self.most_pages:
            waiting.extend(self._look(waiting.popleft()))
        for shape, (came_from, form) in list(self.forms.items()):
            if shape not in self._sent:
                with self._unchanged():
                    self._send(came_from, shape, form, _FORM_IN_FORM)

    def probe(self) -> None:
        """Put each value into each parameter and field that the walk found."""
        probed: set[tuple[str, str]] = set()
        for (path, _), fields in self.asked.items():
            for name, what, value in _each_once(_not_in(probed, path, fields)):
                answer = self._request("GET", f"{path}?{_encoded(fields, name, value)}")
                self._judge_probe(f"GET {path} {name} with {what}", answer)
        probed = {(_shape_of(form.action), FIELD) for _, form in self.forms.values()}
        for _, form in self.forms.values():
            fields = form.ticked().fields
            for name, what, value in _each_once(_not_in(probed, form.action, fields)):
                with self._unchanged():
                    answer = self._request("POST", form.action, _encoded(fields, name, value), form.is_upload)
                self._judge_probe(f"POST {form.action} {name} with {what}", answer)

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Take back what is written to the database within the block, and the cookies that are set."""
        connection, cookies = tables.database.connection(), [copy(cookie) for cookie in self.browser.cookiejar]
        if self._copy is None:
            self._copy = sqlite3.connect(":memory:")
            connection.backup(self._copy)
        before = connection.total_changes
        yield
        if connection.total_changes != before:
            self._copy.backup(connection)
        self.browser.reset()
        for cookie in cookies:
            self.browser.cookiejar.set_cookie(cookie)

    def _look(self, address: str) -> Iterator[str]:
        """Ask for the address unless others like it were seen, and return where its page leads."""
        split = urlsplit(address)
        path = split._replace(fragment="").geturl()
        if path in self._seen or split.scheme or split.netloc:
            return iter(())
        self._seen.add(path)
        shape = _shape_of_address(split)
        self._shapes[shape] += 1
        if self._shapes[shape] > _SAME_ADDRESS_SHAPE:
            return iter(())
        self.walked += 1
        if split.query:
            fields = parse_qsl(split.query, keep_blank_values=True)
            self.asked.setdefault((split.path, shape[1]), fields)
        answer = self._request("GET", path)
        self._judge(f"GET {path}", answer)
        return self._leads(path, answer)

    def _leads(self, path: str, answer: Any) -> Iterator[str]:
        for name in ("Location", "HX-Redirect"):
            if answer.headers.get(name):
                yield _local(urljoin(path, answer.headers[name]))
        parts = self._parts(answer)
        if parts is None:
            return
        for form in parts.forms:
            form.action = form.action or path
            if form.method == "GET":
                self.asked.setdefault((urlsplit(form.action).path, frozenset(form.sent_names)), form.fields)
                yield f"{urlsplit(form.action).path}?{_encoded(form.fields)}"
                continue
            for name, value, action in form.choices or [("", "", "")]:
                chosen = Form(action or form.action, "POST", form.is_upload, list(form.fields), [], form.unticked)
                chosen.fields += [(name, value)] if name else []
                for sent in [chosen, chosen.ticked()] if chosen.unticked else [chosen]:
                    shape = (_shape_of(sent.action), value, frozenset(map(without_numbers, sent.sent_names)))
                    self.forms.setdefault(shape, (path, sent))
        yield from (urljoin(path, link) for link in parts.links if not link.startswith("#"))
        yield from parts.loaded

    def _send(self, came_from: str, shape: Any, form: Form, deeper: int) -> None:
        self._sent.add(shape)
        fields = [(name, value or self.typed.get(name, "")) for name, value in form.fields]
        answer = self._request("POST", form.action, _encoded(fields), form.is_upload)
        self._judge(f"POST {form.action} from {came_from}", answer)
        known = set(self.forms)
        # What the answer leads to may be there only until it is taken back.
        for address in list(self._leads(form.action, answer)):
            self._follow(address)
        for found in [one for one in self.forms if one not in known and one not in self._sent]:
            if deeper:
                self._send(form.action, found, self.forms[found][1], deeper - 1)

    def _follow(self, address: str) -> None:
        """Look at a page that may be there only until what was sent is taken back; its forms are kept."""
        split = urlsplit(address)
        if split.scheme or split.netloc or address in self._seen:
            return
        if self._shapes[_shape_of_address(split)] < _SAME_ADDRESS_SHAPE:
            list(self._look(address))

    def _request(self, method: str, path: str, body: str | None = None, is_upload: bool = False) -> Any:
        if body is not None and is_upload:
            fields = [(name, value) for name, value in parse_qsl(body, keep_blank_values=True, errors="replace")]
            files = [("workbook", "", b"")]
            answer = self.browser.post(path, fields, upload_files=files, headers=_FROM_OUR_PAGE, expect_errors=True)
        elif body is not None:
            kind = {"Content-Type": "application/x-www-form-urlencoded", **_FROM_OUR_PAGE}
            answer = self.browser.request(path, method=method, body=body.encode(), headers=kind, expect_errors=True)
        else:
            answer = self.browser.request(path, method=method, expect_errors=True)
        route = answer.request.environ.get("bottle.route")
        if route is not None and answer.status_int != 403:
            self.reached.add((route.method, route.rule))
        return answer

    def _judge(self, where: str, answer: Any) -> None:
        wrong = []
        if answer.status_int not in {200, 204, 303, 400, 409, 422, 429}:
            wrong.append(f"answers {answer.status_int}")
        parts = self._parts(answer)
        if parts is not None:
            wrong += _wrong_with(parts, answer)
            wrong += [f"tells of {word}" for word in self.hidden if word in answer.text][:3]
        wrong += _wrong_with_headers(answer, where)
        self.complaints += [f"{where}: {one}" for one in wrong]

    def _judge_probe(self, where: str, answer: Any) -> None:
        if answer.status_int >= 500:
            self.complaints.append(f"{where}: answers {answer.status_int}")
        if answer.content_type == "text/html" and "<img src=x" in answer.text:
            self.complaints.append(f"{where}: the markup comes back as it was sent")
        self.complaints += [f"{where}: {one}" for one in _wrong_with_headers(answer, where)]

    def _parts(self, answer: Any) -> PageParts | None:
        return PageParts.of(answer.text) if answer.content_type == "text/html" and answer.body else None


def _wrong_with(parts: PageParts, answer: Any) -> list[str]:
    twice = [one for one, count in Counter(parts.ids).items() if count > 1]
    wrong = [f"two elements are called “{one}”" for one in twice]
    wrong += [f"“{one}” has no label" for one in parts.unlabelled()]
    wrong += [f"has {one}" for one in parts.inline]
    wrong += [
        f"the form to {form.action} has no token"
        for form in parts.forms
        if form.method == "POST" and FIELD not in form.sent_names
    ]
    if answer.text.lstrip().startswith("<!doctype html>"):
        wrong += [] if parts.h1s == 1 else [f"has {parts.h1s} h1"]
        wrong += [] if parts.title.partition("·")[0].strip() else ["has no title"]
        wrong += [] if parts.lang else ["does not say its language"]
        inside = [link[1:] for link in parts.links if link.startswith("#") and len(link) > 1]
        wrong += [f"nothing is called “{one}”" for one in inside if one not in parts.ids]
    return wrong


def _wrong_with_headers(answer: Any, where: str) -> list[str]:
    wrong = [] if carried(answer) == EXPECTED else [f"carries {carried(answer)}"]
    if "/static/" not in where and answer.headers.get("Cache-Control") != "no-store":
        wrong.append(f"is kept by the browser: {answer.headers.get('Cache-Control')}")
    return wrong


def _not_in(probed: set[tuple[str, str]], path: str, fields: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names that were not probed at addresses like this one, and count them as probed."""
    found = []
    for name, _ in fields:
        shape = (_shape_of(path), without_numbers(name))
        if shape not in probed:
            found.append(name)
        probed.add(shape)
    return found


def _each_once(names: Iterable[str]) -> Iterator[tuple[str, str, bytes]]:
    for name in names:
        for what, value in PROBES.items():
            yield name, what, value


def _encoded(fields: Iterable[tuple[str, str]], replaced: str = "", value: bytes = b"") -> str:
    return "&".join(
        f"{quote_from_bytes(name.encode())}={quote_from_bytes(value if name == replaced else typed.encode())}"
        for name, typed in fields
    )


def _shape_of(path: str) -> str:
    return "/".join("1" if part.isdigit() else part for part in urlsplit(path).path.split("/"))


def _shape_of_address(split: SplitResult) -> tuple[str, frozenset[str]]:
    return _shape_of(split.path), frozenset(name for name, _ in parse_qsl(split.query, keep_blank_values=True))


def _local(address: str) -> str:
    return urlsplit(address)._replace(scheme="", netloc="").geturl()
