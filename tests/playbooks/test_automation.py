"""n8n on the server: brought up to date, said where it fails, and removed without its data."""

import io

import pytest
from rich.console import Console
from support.recording_stack import LIST, Server, state

from playbooks.steps.automation import N8n, problems
from playbooks.steps.progress import Steps
from playbooks.steps.stack import Stack
from provisioning.host import Ran

N8N = {LIST.format("n8n"): Ran(0, "7 invoices-n8n-1 n8nio/n8n:2.40.7 running\n")}
PENDING = {"*run --rm --no-deps -T n8n-setup --pending": Ran(0, "There is something to import.\n")}


def ensured(answers, *, is_wanted=True, **options):
    """Return the server and what was said, after n8n was made as it is wanted."""
    server, said = Server(), io.StringIO()
    server.answers |= answers
    steps = Steps(Console(file=said, width=200))
    N8n(Stack(server, "new"), steps, is_wanted, pause=lambda _seconds: None).ensure(**options)
    return server, said.getvalue()


def test_what_is_to_be_imported_is_imported_while_n8n_stands_still():
    server, _ = ensured(N8N | PENDING)

    assert server.done == [
        "pull --quiet --policy missing n8n",
        "run --rm --no-deps -T automation",
        "stop n8n",
        "run --rm --no-deps -T n8n-setup",
        "up --detach --no-deps n8n",
    ]


def test_where_nothing_is_to_be_imported_n8n_is_not_stopped():
    server, _ = ensured(N8N)

    assert "stop n8n" not in server.done
    assert server.done[-1] == "up --detach --no-deps n8n"


def test_new_secrets_start_n8n_again():
    server, _ = ensured(N8N, restarts=True)

    assert server.done[-1] == "up --detach --no-deps --force-recreate n8n"


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"docker inspect *": state(running=False, exit_code=1)}, "n8n does not become ready."),
        ({"docker inspect *": state(status="unhealthy")}, "n8n does not become ready."),
        ({"*up --detach --no-deps n8n": Ran(1, "", "no such image")}, "no such image"),
    ],
)
def test_what_fails_is_said_and_fails_no_deploy(answers, why):
    _, said = ensured(N8N | answers)

    assert "The dashboard serves, but the automation does not run as it should:" in said
    assert why in said


class StartingServer(Server):
    """A server on which n8n shows in what the engine lists once it was started."""

    def act(self, *command, **options):
        if command[-1] == "n8n" and "up" in command:
            self.answers |= N8N
        return super().act(*command, **options)


def test_n8n_that_ends_seconds_after_it_answered_is_not_taken_for_well():
    server, said = StartingServer(), io.StringIO()

    def fall(_seconds):
        server.answers["docker inspect *"] = state(running=False, exit_code=1)

    N8n(Stack(server, "new"), Steps(Console(file=said, width=200)), is_wanted=True, pause=fall).ensure()

    assert "n8n was ready, and ended seconds later." in said.getvalue()


def test_without_automation_n8n_is_removed_its_token_revoked_and_its_data_kept():
    server, said = ensured(N8N, is_wanted=False)

    assert server.done == [
        "docker stop --time 45 7",
        "run --rm --no-deps -T automation invoices automation disable",
        "run --rm --no-deps -T secrets invoices secrets --rotate automation-token",
        "docker rm --force 7",
    ]
    assert "n8n was removed. Its data is kept" in said


def test_a_removal_whose_token_is_not_revoked_is_tried_again_by_the_next_deploy():
    server, said = ensured(N8N | {"* automation disable": Ran(1, "", "no database")}, is_wanted=False)

    assert "docker rm --force 7" not in server.done
    assert "no database" in said


def test_an_import_that_cannot_even_begin_leaves_n8n_running():
    server, said = ensured(N8N | PENDING | {"* -T n8n-setup": Ran(1, "", "no space left")})

    assert server.done[-3:] == ["stop n8n", "run --rm --no-deps -T n8n-setup", "up --detach --no-deps n8n"]
    assert "no space left" in said


def test_where_there_is_no_automation_and_never_was_nothing_is_done():
    server, said = ensured({}, is_wanted=False)

    assert (server.done, said) == ([], "")


def test_a_workflow_that_was_not_imported_is_a_problem():
    server = Server()
    server.answers |= N8N | {
        "docker exec 7 cat */setup.problems": Ran(0, "The workflow invoices-inbox was not published.\n")
    }

    assert problems(server) == ["n8n: The workflow invoices-inbox was not published."]


def test_n8n_that_does_not_run_is_a_problem_and_none_at_all_is_not():
    server = Server()
    server.answers[LIST.format("n8n")] = Ran(0, "7 invoices-n8n-1 n8nio/n8n:2.40.7 restarting\n")

    assert problems(server) == ["n8n does not run: the automation stands still, the dashboard serves."]
    assert problems(Server()) == ["n8n is not there: `fab deploy` starts it; the dashboard serves."]
    assert problems(Server(), is_wanted=False) == []
