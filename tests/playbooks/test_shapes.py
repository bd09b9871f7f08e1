"""A server and a cluster understand the same commands, by the same options; those for a machine a cluster refuses."""

from inspect import getmembers, isfunction, signature

import pytest
from invoke.context import Context
from support.cluster_facts import CLUSTER
from support.recording_stack import FACTS

import fabfile
from playbooks import status, trust, unlock
from playbooks.cluster.cluster import ClusterShape
from playbooks.shapes.shape import Shape
from playbooks.steps import session
from provisioning.settings import HostSettings

OFFERED = {name: one for name, one in getmembers(Shape, isfunction) if not name.startswith("_")}


def options_of(function):
    return list(signature(function).parameters.values())[1:]  # without the shape or the session


@pytest.mark.parametrize("name", OFFERED)
def test_a_cluster_takes_the_options_that_every_shape_does(name):
    assert options_of(getattr(ClusterShape, name)) == options_of(OFFERED[name])


@pytest.mark.parametrize("name", OFFERED)
def test_the_command_of_a_server_takes_the_options_that_every_shape_does(name):
    command = signature(getattr(fabfile, name).body).parameters

    wanted = [(one.name, one.default) for one in options_of(OFFERED[name])]
    assert [(one.name, one.default) for one in [*command.values()][1:-3]] == wanted
    assert [*command][-3:] == ["server", "stack", "cluster"]


@pytest.fixture
def rented(monkeypatch):
    """Return a function that lets the stack have rented a server, a cluster, or both."""

    def rent(*, server, cluster):
        facts = FACTS | {"host": "198.51.100.9" if server else "", "cluster": CLUSTER if cluster else {}}
        settings = HostSettings.from_outputs(facts)
        monkeypatch.setattr(session, "server_settings", lambda _server, _stack: settings)

    return rent


def test_a_command_for_a_machine_says_that_a_cluster_has_none(rented):
    rented(server=False, cluster=True)

    with pytest.raises(SystemExit, match="The stack prod is a cluster, which has no machine"):
        unlock.unlock(Context())


def test_a_command_that_needs_no_session_says_so_too(rented):
    rented(server=False, cluster=True)

    with pytest.raises(SystemExit, match="The stack prod is a cluster, which has no machine"):
        trust.trust(Context())


def test_the_cluster_of_a_stack_without_one_cannot_be_chosen(rented):
    rented(server=True, cluster=False)

    with pytest.raises(SystemExit, match="The stack prod has no cluster: leave out --cluster, or set shape to both"):
        status.status(Context(), cluster=True)


def test_of_both_a_command_acts_on_the_server_unless_the_cluster_is_chosen(rented, monkeypatch):
    rented(server=True, cluster=True)
    asked = []
    monkeypatch.setattr(ClusterShape, "status", lambda self: asked.append(self.session.settings.name))

    status.status(Context(), cluster=True)

    assert asked == ["invoices"]
