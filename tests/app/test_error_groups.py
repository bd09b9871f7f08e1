"""Errors are kept by kind and place, never with what they say; the file has an end, and a broken one is begun anew."""

import json
import logging
import multiprocessing
from datetime import UTC, datetime, timedelta

import pytest

from app.error_groups import ErrorGroups, ErrorHandler, RecentErrors
from app.process_state import StateInFolder
from app.web.http.locales import Locale

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def errors(tmp_path):
    return ErrorGroups(StateInFolder(tmp_path / "data"))


@pytest.fixture
def log(errors):
    """A log whose errors are counted."""
    handler = ErrorHandler(errors)
    log = logging.getLogger("app.of this test")
    log.addHandler(handler)
    yield log
    log.removeHandler(handler)


def fail(log, text="secret of Acme"):
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("failure at %s", "/customers/Acme", extra={"request_id": "0123abcd"})


def test_the_same_error_is_counted_with_its_first_and_latest_time(errors):
    for minutes in (0, 5, 9):
        errors.add("ValueError", "mails.py, line 7", f"id{minutes}", NOON + timedelta(minutes=minutes))

    (group,) = errors.recent().groups
    assert (group.count, group.first_at, group.latest_at) == (3, NOON, NOON + timedelta(minutes=9))
    assert group.request_ids == ("id9", "id5", "id0")


def test_the_latest_comes_first(errors):
    for kind in ("ValueError", "KeyError", "ValueError"):
        errors.add(kind, "here", "", NOON)

    assert [(one.kind, one.count) for one in errors.recent().groups] == [("ValueError", 2), ("KeyError", 1)]


def test_of_many_the_latest_fifty_stay_and_all_are_counted(errors):
    for number in range(60):
        errors.add("ValueError", f"line {number}", "", NOON)

    recent = errors.recent()
    assert (len(recent.groups), recent.groups[0].where, recent.total) == (50, "line 59", 60)


def test_of_an_error_the_latest_five_requests_are_told(errors):
    for number in range(9):
        errors.add("ValueError", "here", f"id{number}", NOON)

    assert errors.recent().groups[0].request_ids == ("id8", "id7", "id6", "id5", "id4")


def test_nothing_that_an_error_says_is_kept(errors, log):
    fail(log)

    kept = (errors.state.folder / "errors.json").read_text()
    assert "Acme" not in kept
    assert [(one.kind, one.request_ids) for one in errors.recent().groups] == [("ValueError", ("0123abcd",))]


def test_the_place_is_the_last_of_ours_that_it_came_through(errors, log):
    try:
        Locale.of("nothing-like-it", UTC)
    except ValueError:
        log.exception("failure")

    (group,) = errors.recent().groups
    assert group.where.startswith("app/web/http/locales.py, line ")


def test_a_warning_is_no_error(errors, log):
    log.warning("something")

    assert errors.recent() == RecentErrors()


@pytest.mark.parametrize("content", ["", "no JSON", "[]", '{"groups": [{}], "total": 1}', '{"groups": []}', "null"])
def test_a_broken_file_is_begun_anew(errors, content):
    errors.state.folder.mkdir()
    (errors.state.folder / "errors.json").write_text(content)

    errors.add("ValueError", "here", "", NOON)

    assert errors.recent().total == 1


def test_a_full_disk_keeps_nobody_from_logging(errors, log, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(StateInFolder, "write", full)

    fail(log)

    assert errors.recent().total == 0


def _add(folder):
    for _ in range(20):
        ErrorGroups(StateInFolder(folder)).add("ValueError", "here", "", NOON)


def test_none_is_lost_where_several_processes_fail_at_once(errors):
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_add, args=(errors.state.folder,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert json.loads((errors.state.folder / "errors.json").read_text())["total"] == 60
