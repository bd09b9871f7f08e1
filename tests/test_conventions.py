"""What a reader relies on in the tests themselves."""

import ast
from pathlib import Path

TESTS = Path(__file__).parent
# What fails a test by itself: of pytest and of Playwright.
EXPECTING = {"raises", "warns", "fail", "expect", "wait_for", "wait_for_url"}
POLLING = TESTS / "support/polling.py"


def functions(path):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]


def is_asserting(function, helpers=frozenset()):
    return any(
        isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and name_of(node.func) in EXPECTING | helpers)
        for node in ast.walk(function)
    )


def name_of(called):
    return getattr(called, "attr", None) or getattr(called, "id", "")


def test_every_test_asserts_something():
    silent = []
    for path in sorted(TESTS.rglob("test_*.py")):
        tests = [one for one in functions(path) if one.name.startswith("test_")]
        helpers = {one.name for one in functions(path) if one not in tests and is_asserting(one)}
        silent += [f"{path.relative_to(TESTS)}: {one.name}" for one in tests if not is_asserting(one, helpers)]

    assert silent == []


def test_only_the_helper_that_polls_sleeps():
    sleeping = [
        f"{path.relative_to(TESTS)}:{node.lineno}"
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and name_of(node.func) in {"sleep", "wait_for_timeout"} and path != POLLING
    ]

    assert sleeping == []
