"""The everyday commands ask the right container, change nothing that they were not asked to, and say what is wrong."""

import json

import pytest
from support.recording_stack import LIST, OLD, served

from playbooks import (
    audit,
    create_user,
    import_workbook,
    lock,
    logs,
    maintain,
    rollback,
    stack_secrets,
    status,
)
from playbooks.steps.switching import UPSTREAM
from provisioning.host import Ran

HOLDER = {"who": "ann@laptop", "what": "deploy abc", "since": "2026-01-02 03:04:05 UTC"}
NOBODY_HOLDS = {"test -d /opt/invoices/lock": Ran(1, "")}
CLOCK = {"date +%s": Ran(0, "1795856400\n")}  # 2026-11-28 09:00:00 UTC
TIMERS = {"systemctl list-units invoices-*.timer *": Ran(0, "invoices-figures.timer loaded active waiting Figures\n")}


def test_status_names_what_serves_and_how_it_is(command):
    command.server.answers |= (
        NOBODY_HOLDS
        | CLOCK
        | TIMERS
        | {
            "readlink *": Ran(0, "/opt/invoices/releases/old\n"),
            "find /opt/invoices/releases * .served *": Ran(0, served("older", "old")),
            "docker ps * label=com.docker.compose.oneoff=False --format *": Ran(
                0, f"1 {OLD} invoices-app:old running\n"
            ),
            "df *": Ran(0, "Use%\n 38%\n"),
            "cat /proc/loadavg": Ran(0, "0.42 0.3 0.2 1/2 3\n"),
            "cat /proc/meminfo": Ran(0, "MemTotal: 4000000 kB\nMemAvailable: 2048000 kB\n"),
            "sh -c apt-get *": Ran(0, "3\n"),
            "test -e /run/reboot-required": Ran(1, ""),
            "tail *": Ran(0, "2026-01-02 03:04:05 UTC ann@laptop deploy old serves\n"),
        }
    )

    printed = command.run(status, "status")

    assert "https://invoices.example.com at 198.51.100.9 serves old." in printed
    assert f"{OLD} ← proxy" in printed
    assert "healthy" in printed
    assert "Kept releases: old, older." in printed
    assert "Disk 38% used, 2000 MB of memory free, load 0.42, 3 updates to come." in printed
    assert "ann@laptop deploy old serves" in printed
    assert command.server.acted == []


FIGURES = CLOCK | TIMERS | {
    "df *": Ran(0, "38%\n"),
    "cat /proc/loadavg": Ran(0, "0 0 0\n"),
    "cat /proc/meminfo": Ran(0, "MemAvailable: 1 kB\n"),
}  # fmt: skip


def test_status_tells_who_holds_the_lock(command):
    command.server.files["/opt/invoices/lock/holder"] = json.dumps(HOLDER)
    command.server.answers |= FIGURES

    assert "ann@laptop holds the lock since 2026-01-02 03:04:05 UTC for: deploy abc." in command.run(status, "status")


def test_logs_are_the_newest_lines_of_the_service(command):
    command.server.answers["docker logs --timestamps --tail 100 1"] = Ran(0, "one\n", "two\n")

    assert command.run(logs, "logs") == f"{OLD} one\n{OLD} two\n"


def test_logs_that_are_looked_for_are_all_that_was_kept_searched_on_the_server(command):
    command.server.answers[f"sh -c * sh app req-7 0  100 {OLD}"] = Ran(0, f"app-older one req-7\n{OLD} two req-7\n")

    assert command.run(logs, "logs", grep="req-7") == f"app-older one req-7\n{OLD} two req-7\n"
    assert not [line for line in command.server.asked if "--tail" in line]


def test_logs_in_which_nothing_is_found_say_so(command):
    printed = command.run(logs, "logs", grep="req-8")

    assert printed == "198.51.100.9: of the lines of app that are kept, none holds 'req-8'.\n"


def test_logs_can_be_narrowed_to_the_errors_of_some_hours(command):
    printed = command.run(logs, "logs", service="app", since="2h", errors=True)

    assert printed == (
        "198.51.100.9: of the lines of app that are kept, none tells of an error and is of the last 2h.\n"
    )
    assert " sh app  7200 " in command.server.asked[-1]


def test_a_time_that_is_none_is_refused_with_how_to_write_it(command):
    assert command.refused(logs, "logs", since="yesterday") == (
        "--since takes a time such as 30m, 2h or 3d, not 'yesterday'."
    )


def test_logs_of_what_is_not_there_name_what_is(command):
    command.server.answers[LIST.format("mail")] = Ran(0, "")
    command.server.answers["docker ps * label=com.docker.compose.oneoff=False --format *"] = Ran(
        0, f"1 {OLD} invoices-app:old running\n"
    )

    assert "there is no container of 'mail'" in command.refused(logs, "logs", service="mail")


CHORES = {
    "ok": True, "period": "weekly",
    "chores": [{"what": "Disk", "is_well": True, "says": "41.5 % are used."},
               {"what": "Errors", "is_well": True, "says": "1 × app: [red] it broke."}],
}  # fmt: skip


def test_chores_are_done_on_the_server_and_shown_as_a_table(command):
    command.server.answers["python3 * weekly"] = Ran(0, json.dumps(CHORES))

    printed = command.run(maintain, "maintain", period="weekly")

    assert command.server.acted == ["python3 -B /usr/local/lib/invoices/maintain.py weekly"]
    assert "41.5 % are used." in printed
    assert "1 × app: [red] it broke." in printed


def test_chores_that_found_something_end_with_1(command):
    command.server.answers["python3 * daily --mail"] = Ran(0, json.dumps(CHORES | {"ok": False, "mailed": "yes"}))

    with pytest.raises(SystemExit, match="Something needs attention: see the lines that are marked"):
        command.run(maintain, "maintain", period="daily", mail=True)
    assert "Mailed: yes." in command.printed


def test_chores_of_another_period_are_refused(command):
    assert command.refused(maintain, "maintain", period="hourly") == (
        "There are no chores called 'hourly': say daily, weekly or monthly."
    )
    assert command.server.acted == []


def test_chores_are_only_named_where_nothing_is_to_be_done(command):
    assert "The daily chores would be done" in command.run(maintain, "maintain", period="daily", dry_run=True)


def test_a_server_without_chores_is_to_be_provisioned(command):
    command.server.answers["test -e /usr/local/lib/invoices/maintain.py"] = Ran(1, "")

    assert "run `fab provision` first" in command.refused(maintain, "maintain", period="daily")


def test_a_user_is_made_in_the_container_that_serves(command):
    command.server.answers["docker exec --interactive 1 *"] = Ran(0, "ann@example.com can sign in as viewer.\n")

    printed = command.run(create_user, "create_user", email="ann@example.com", name="Ann")

    assert printed == "ann@example.com can sign in as viewer.\n"
    assert command.server.acted == [
        "docker exec --interactive 1 invoices create-user --email ann@example.com --role viewer --name Ann"
    ]


def test_a_user_is_only_named_where_nothing_is_to_be_done(command):
    printed = command.run(create_user, "create_user", email="ann@example.com", dry_run=True)

    assert "ann@example.com would sign in as viewer" in printed
    assert command.server.acted == []


def test_a_user_is_not_made_where_the_app_does_not_run(command):
    command.server.app = []

    assert "the app does not run; `fab status` says more" in command.refused(create_user, "create_user", email="a@b")


def test_a_workbook_goes_to_the_worker_and_is_only_looked_at_without_a_word(command, tmp_path):
    (tmp_path / "my book.xlsx").write_bytes(b"PK")
    command.server.answers[LIST.format("worker")] = Ran(0, "3 invoices-worker-1 invoices-app:old running\n")

    command.run(import_workbook, "import_workbook", file=str(tmp_path / "my book.xlsx"))

    (line,) = command.server.acted
    assert line.startswith("docker exec --interactive 3 sh -c ")
    assert line.endswith(" sh my book.xlsx")
    assert command.server.stdin == [b"PK"]


def test_a_workbook_that_is_refused_ends_with_its_sentence(command, tmp_path):
    (tmp_path / "book.xlsx").write_bytes(b"PK")
    command.server.answers |= {
        LIST.format("worker"): Ran(0, "3 invoices-worker-1 invoices-app:old running\n"),
        "docker exec --interactive 3 *": Ran(1, "", "B2 is not a date.\n"),
    }

    told = command.refused(import_workbook, "import_workbook", file=str(tmp_path / "book.xlsx"), apply=True)

    assert told == "Nothing was imported."
    assert command.printed == "B2 is not a date.\n"


def test_the_lock_is_shown_taken_and_given_back(command):
    command.server.answers |= NOBODY_HOLDS

    assert "nobody holds the lock" in command.run(lock, "lock")
    command.run(lock, "lock", acquire="repairing")
    assert "mkdir /opt/invoices/lock" in command.server.acted
    command.run(lock, "lock", release=True)
    assert command.server.acted[-1] == "rm -rf -- /opt/invoices/lock"


def test_the_log_of_a_server_to_which_nothing_was_done_says_so(command):
    command.server.answers["tail *"] = Ran(1, "", "No such file")

    assert command.run(audit, "audit") == "Nothing was done yet.\n"


def test_a_rollback_lets_the_version_before_serve_and_is_logged(command, monkeypatch):
    monkeypatch.setattr("playbooks.steps.takeover.wait_until_served", lambda *_words, **_options: None)
    monkeypatch.setattr("playbooks.steps.switching._HANDING_OVER_SECONDS", 0)
    command.server.started = "2 invoices-app-2 invoices-app:older running"
    command.server.answers |= {
        "readlink *": Ran(0, "/opt/invoices/releases/old\n"),
        "find /opt/invoices/releases * .served *": Ran(0, served("older", "old")),
    }

    command.run(rollback, "rollback")

    assert command.server.files[UPSTREAM] == "invoices-app-2:8000\n"
    assert "rollback older serves" in command.server.stdin[command.server.acted.index(_logged(command.server))]


def _logged(server):
    return next(line for line in server.acted if "deploys.log" in line)


def test_a_rehearsed_rollback_only_says_which(command):
    command.server.answers |= {
        "readlink *": Ran(0, "/opt/invoices/releases/old\n"),
        "find /opt/invoices/releases * .served *": Ran(0, served("older", "old")),
    }

    assert "older would serve in place of old." in command.run(rollback, "rollback", dry_run=True)
    assert command.server.acted == []


@pytest.mark.parametrize("options", [{}, {"rotate": "everything"}])
def test_secrets_are_not_touched_without_a_clear_word(command, options):
    assert "--rotate with one of signing-key, database" in command.refused(stack_secrets, "stack_secrets", **options)
    assert command.server.acted == []


@pytest.mark.parametrize(
    ("options", "would"),
    [
        ({"rotate": "database"}, "The roles of the database would get new passwords"),
        ({"rotate": "signing-key"}, "A new key would sign, and the one before still count"),
        ({"mail": True}, "The address of the mail server would be asked for"),
        ({"inbox": True}, "What n8n reaches would be asked for (inbox); n8n would be started with it"),
    ],
)
def test_what_would_be_done_to_secrets_can_be_asked_first(command, options, would):
    command.facts["automation"] = True
    command.server.answers["readlink *"] = Ran(0, "/opt/invoices/releases/old\n")

    assert would in command.run(stack_secrets, "stack_secrets", dry_run=True, **options)
    assert command.server.acted == []


def test_new_passwords_are_written_told_to_the_database_then_used(command, monkeypatch):
    monkeypatch.setattr("playbooks.steps.takeover.wait_until_served", lambda *_words, **_options: None)
    monkeypatch.setattr("playbooks.steps.switching._HANDING_OVER_SECONDS", 0)
    command.server.started = "2 invoices-app-2 invoices-app:old running"
    command.server.answers["readlink *"] = Ran(0, "/opt/invoices/releases/old\n")

    command.run(stack_secrets, "stack_secrets", rotate="database")

    done = [line for line in command.server.done if line.startswith(("run", "exec", "up"))]
    assert done == [
        "run --rm --no-deps -T secrets invoices secrets --rotate database",
        "exec -T db bash /docker-entrypoint-initdb.d/10-roles.sh",
        "up --detach --no-deps --no-recreate --scale app=2 app",
        "up --detach --no-deps proxy",
        "up --detach --no-deps --force-recreate worker",
    ]


def test_the_queue_is_started_again_with_its_new_password_before_it_is_used(command, monkeypatch):
    monkeypatch.setattr("playbooks.steps.takeover.wait_until_served", lambda *_words, **_options: None)
    monkeypatch.setattr("playbooks.steps.switching._HANDING_OVER_SECONDS", 0)
    command.server.started = "2 invoices-app-2 invoices-app:old running"
    command.server.answers["readlink *"] = Ran(0, "/opt/invoices/releases/old\n")
    command.server.answers["docker ps * label=com.docker.compose.service=redis *"] = Ran(0, "3 redis redis:8 running\n")

    command.run(stack_secrets, "stack_secrets", rotate="redis")

    done = [line for line in command.server.done if line.startswith(("run", "exec", "up", "restart"))]
    assert done[:3] == [
        "run --rm --no-deps -T secrets invoices secrets --rotate redis",
        "restart redis",
        "up --detach --no-deps --no-recreate --scale app=2 app",
    ]


def test_a_queue_that_there_is_not_gets_no_password(command):
    command.server.answers["readlink *"] = Ran(0, "/opt/invoices/releases/old\n")

    assert "the redis does not run" in command.refused(stack_secrets, "stack_secrets", rotate="redis")
    assert command.server.acted == []


def test_the_address_of_the_mail_server_is_asked_for_and_goes_through_standard_input(command, monkeypatch):
    monkeypatch.setattr("playbooks.steps.takeover.wait_until_served", lambda *_words, **_options: None)
    monkeypatch.setattr("playbooks.steps.switching._HANDING_OVER_SECONDS", 0)
    monkeypatch.setattr("getpass.getpass", lambda _question: "smtp://ann:hidden@mail.example.com")
    command.server.started = "2 invoices-app-2 invoices-app:old running"
    command.server.answers["readlink *"] = Ran(0, "/opt/invoices/releases/old\n")

    command.run(stack_secrets, "stack_secrets", mail=True)

    assert not any("hidden" in line for line in command.server.acted)
    assert "smtp://ann:hidden@mail.example.com\n" in command.server.stdin


def test_what_n8n_reaches_is_asked_for_and_goes_to_n8n_alone_through_standard_input(command, monkeypatch):
    monkeypatch.setattr("playbooks.stack_secrets.N8n.ensure", lambda _self, **options: seen.append(options))
    monkeypatch.setattr("getpass.getpass", lambda _question: "imaps://ann:hidden@imap.example.com:993")
    command.facts["automation"], seen = True, []
    command.server.answers["readlink *"] = Ran(0, "/opt/invoices/releases/old\n")

    command.run(stack_secrets, "stack_secrets", inbox=True)

    assert not any("hidden" in line for line in command.server.acted)
    assert "imaps://ann:hidden@imap.example.com:993\n" in command.server.stdin
    assert not any("--scale" in line for line in command.server.acted)
    assert seen == [{"restarts": True}]


def test_without_automation_nothing_is_asked_for_it(command):
    command.server.answers["readlink *"] = Ran(0, "/opt/invoices/releases/old\n")

    said = command.refused(stack_secrets, "stack_secrets", folder=True)

    assert said == "198.51.100.9: there is no automation: set automation to true, deploy, and then run this again."


def test_a_mail_server_that_the_firewall_hides_is_refused_before_anything_is_written(command, monkeypatch):
    command.server.answers |= NOBODY_HOLDS | {"readlink *": Ran(0, "/opt/invoices/releases/old\n")}
    monkeypatch.setattr("getpass.getpass", lambda _question: "smtp://user:password@mail.example.com:2525")

    said = command.refused(stack_secrets, "stack_secrets", mail=True)

    assert "lets mail out at the ports 25, 465 and 587, not at 2525: set mail_server" in said
    assert "password" not in said
    assert command.server.acted == []
