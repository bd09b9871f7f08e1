"""The log is lines that a machine reads, of which nobody can forge one and none says more than ids."""

import io
import json
import logging
from contextlib import contextmanager

import pytest

from app import logs
from app.error_groups import ErrorGroups, ErrorHandler
from app.process_state import StateInFolder
from app.store.db.current_user import Actor, acting_as


@contextmanager
def written(monkeypatch, log_format, errors=None):
    """What is logged in the block; the logging of the tests themselves is put back after it."""
    root = logging.getLogger()
    before = list(root.handlers), root.level, logging.getLogger("peewee").level, logging.getLogger("huey").level
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    # pytest's own handlers would be closed.
    root.handlers.clear()
    try:
        logs.set_up("INFO", log_format, errors)
        yield stream
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        logging.getLogger("peewee").setLevel(before[2])
        logging.getLogger("huey").setLevel(before[3])


@pytest.fixture
def as_json(monkeypatch):
    with written(monkeypatch, "json") as stream:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def as_text(monkeypatch):
    with written(monkeypatch, "text") as stream:
        yield lambda: stream.getvalue().splitlines()


def test_an_error_is_counted_with_the_id_of_its_request(monkeypatch, tmp_path):
    errors = ErrorGroups(StateInFolder(tmp_path))

    with written(monkeypatch, "json", ErrorHandler(errors)), acting_as(Actor(request_id="a1b2c3d4")):
        logging.getLogger("app").error("cannot do %s", "it")

    (group,) = errors.recent().groups
    assert (group.kind, group.count, group.request_ids) == ("message", 1, ("a1b2c3d4",))


def test_a_line_is_an_object_that_says_when_what_and_where(as_json):
    logging.getLogger("app.web.guard").warning("refused %s", "something")

    [line] = as_json()
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "WARNING", "logger": "app.web.guard", "message": "refused something"}


def test_a_line_names_the_request_and_the_user_by_their_ids(as_json):
    with acting_as(Actor(request_id="a1b2c3d4", user_id=7)):
        logging.getLogger("app").info("done")

    [line] = as_json()
    assert (line["request_id"], line["user_id"]) == ("a1b2c3d4", 7)


def test_a_failure_is_one_line_with_what_led_to_it(as_json):
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logging.getLogger("app").exception("it broke")

    [line] = as_json()
    assert line["message"] == "it broke"
    assert "ValueError: first\nsecond" in line["traceback"]


FORGED = "x\r\n2026-03-02 09:30:00.000 INFO app: all is well\x1b[2J\u2028\x85"


def test_nobody_forges_a_line_of_json(as_json):
    logging.getLogger("app").info("asked for %s", FORGED)

    [line] = as_json()
    assert line["message"] == f"asked for {FORGED}"


def test_nobody_forges_a_line_of_text(as_text):
    logging.getLogger("app").info("asked for %s", FORGED)

    [line] = as_text()
    assert line.endswith(r"INFO app: asked for x\r\n2026-03-02 09:30:00.000 INFO app: all is well\x1b[2J\u2028\x85")


def test_nobody_forges_a_line_below_a_failure(as_text):
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("app").exception("it broke")

    first, *rest = as_text()
    assert first.endswith("ERROR app: it broke")
    assert rest
    assert [line for line in rest if not line.startswith("    ")] == []


def test_a_line_of_text_says_whose_request_it_was(as_text):
    with acting_as(Actor(request_id="a1b2c3d4", user_id=7)):
        logging.getLogger("app").info("done")

    [line] = as_text()
    assert line.endswith(" INFO app request a1b2c3d4 user 7: done")


def test_queries_are_not_logged_as_their_values_are_secret(as_json):
    logging.getLogger("peewee").debug("UPDATE users SET password_hash = %s")

    assert not logging.getLogger("peewee").isEnabledFor(logging.DEBUG)
    assert as_json() == []
