"""What could lock everybody out is taken back, by us or by the server itself."""

import pytest

from provisioning.host import HostError, Ran
from provisioning.safe_replace import replace_safely

PATH = "/etc/lock.conf"


def _replaced(host, can_still_connect=lambda: True, check=lambda: None):
    return replace_safely(
        host, PATH, "new\n", valid=("lock", "--check", "{}"), check=check,
        apply="systemctl restart lock", without="systemctl stop lock", can_still_connect=can_still_connect,
    )  # fmt: skip


def _steps(host):
    return [" ".join(line.split()[:2]) for line in host.acted]


def test_a_change_that_lets_us_in_stays(rented):
    host = rented()

    change = _replaced(host)

    assert change.changed
    assert host.files[PATH] == "new\n"
    assert host.acted[-2:] == [
        "systemctl stop invoices-take-back-lock.conf.timer",
        f"rm -f -- {PATH}.before {PATH}.absent",
    ]


def test_the_server_is_told_to_take_it_back_before_it_is_changed(rented):
    host = rented()

    _replaced(host)

    steps = _steps(host)
    assert steps.index("systemd-run --quiet") < steps.index(f"write {PATH}")


def test_a_change_with_which_nobody_can_connect_is_taken_back_and_said(rented):
    host = rented()

    with pytest.raises(HostError, match=r"with the new /etc/lock\.conf nobody can connect; it is as it was before"):
        _replaced(host, lambda: False)

    assert 'mv -f -- "$1.before" "$1"' in host.acted[-2]
    assert "systemctl restart lock" in host.acted[-2]
    assert host.acted[-1] == "systemctl stop invoices-take-back-lock.conf.timer"


def test_a_change_that_breaks_the_whole_is_taken_back_before_it_is_felt(rented):
    host = rented()

    def wrong():
        raise HostError("the whole is wrong")

    with pytest.raises(HostError, match="the whole is wrong"):
        _replaced(host, check=wrong)

    assert "sh -c systemctl restart lock" not in host.acted
    assert 'mv -f -- "$1.before" "$1"' in host.acted[-2]


def test_where_we_cannot_take_it_back_the_server_still_will(rented):
    host = rented({"sh -c *mv -f*": Ran(1, "", "read-only")})

    with pytest.raises(HostError, match="nobody can connect"):
        _replaced(host, lambda: False)

    assert host.acted[-1].startswith("sh -c")


def test_a_check_that_took_longer_than_the_server_waited_is_said(rented):
    host = rented()

    def slow():
        del host.files[PATH]
        return True

    with pytest.raises(HostError, match="took too long, so the server took it back"):
        _replaced(host, slow)


def test_what_is_as_it_should_be_is_not_touched(rented):
    host = rented(files={PATH: "new\n"}, modes={PATH: "600 root:root"})

    assert not _replaced(host, lambda: pytest.fail("there is nothing to check")).changed
    assert host.acted == []


def test_a_rehearsal_only_tells(rented):
    host = rented(is_rehearsal=True)

    assert _replaced(host, lambda: pytest.fail("there is nothing to check")).changed
    assert host.acted == []
