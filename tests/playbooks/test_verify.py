"""What the controls said becomes a table, one sentence and an exit code; what was not looked at is counted."""

import subprocess

import pytest

from playbooks import verify

KEPT = '<testcase name="test_H01_keys_only"/>'
NOT_SEEN = '<testcase name="test_H12_the_clock"><skipped message="not in a container"/></testcase>'
NOT_KEPT = '<testcase name="test_D06_each_is_healthy"><failure message="there is app"/></testcase>'
GONE = '<testcase name="test_D01_none_is_root"><error message="there is a release, and no container"/></testcase>'


@pytest.fixture
def verified(command, monkeypatch, tmp_path):
    """Return a function that prints what is said of a server whose controls were found so."""
    monkeypatch.setattr(verify, "KEPT", tmp_path)
    monkeypatch.setattr(verify.ssh_config, "write", lambda *_words: tmp_path / "ssh_config")

    def run(*cases):
        def looked(words, **_options):
            (tmp_path / "verify.xml").write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
            is_well = not {NOT_KEPT, GONE} & set(cases)
            return subprocess.CompletedProcess(words, 0 if is_well else 1, "", "")

        monkeypatch.setattr(verify.subprocess, "run", looked)
        return command.run(verify, "verify")

    return run


def test_controls_that_are_all_kept_are_said_to_be(verified):
    assert "Every control is kept. " in verified(KEPT, KEPT)


def test_what_could_not_be_looked_at_is_counted(verified):
    assert "Every control is kept; 2 could not be looked at. " in verified(KEPT, NOT_SEEN, NOT_SEEN)


@pytest.mark.parametrize("broken", [NOT_KEPT, GONE])
def test_a_control_that_is_not_kept_or_broke_ends_with_how_many(verified, broken):
    with pytest.raises(SystemExit, match=r"1 controls are not kept\."):
        verified(KEPT, NOT_SEEN, broken)
