"""What a command of `fab` asks the stack for: the server's own settings, and no more."""

import json

import pytest
from support.cluster_facts import CLUSTER
from support.recording_stack import FACTS

from playbooks.steps.inventory import ROOT, cluster_settings, restorer_key, server_settings
from provisioning.settings import HostSettingsError

OUTPUTS = FACTS | {"aws_secret_access_key": "[secret]", "restorer_access_key_id": "AKIAR"}
SECRETS = {"aws_secret_access_key": "server half", "restorer_secret_access_key": "restorer half"}
PULUMI = """#!/bin/sh
echo "$*" >> "$0.asked"
for word; do if [ -e "$0.$word" ]; then exec cat "$0.$word"; fi; done
exec cat "$0.all"
"""


@pytest.fixture
def pulumi(tmp_path, monkeypatch):
    """Stand in for Pulumi's command line, which tells secrets by name only; return what it was asked."""
    program = tmp_path / "pulumi"
    program.write_text(PULUMI)
    program.chmod(0o755)
    (tmp_path / "pulumi.all").write_text(json.dumps(OUTPUTS | {"restorer_secret_access_key": "[secret]"}))
    for name, value in ({"restorer_access_key_id": "AKIAR"} | SECRETS).items():
        (tmp_path / f"pulumi.{name}").write_text(json.dumps(value))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return lambda: (tmp_path / "pulumi.asked").read_text().splitlines()


def test_the_server_s_own_key_is_read(pulumi):
    assert server_settings("", "prod").aws_secret_access_key == "server half"


def test_no_command_reads_the_restorer_s_key_in_passing(pulumi):
    server_settings("", "prod")

    assert pulumi() == [
        "stack output --json --stack prod",
        "stack output aws_secret_access_key --json --show-secrets --stack prod",
    ]


def test_only_commands_that_read_backups_ask_for_the_restorer_s_key():
    folder = ROOT / "playbooks"
    texts = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.py")}
    having = {word: {name for name, text in texts.items() if word in text} for word in ("restorer_key", "backup_place")}

    assert having == {
        "restorer_key": {"steps/inventory.py", "steps/backup_place.py"},
        "backup_place": {"backups.py", "restore.py", "verify_backup.py"},
    }


def test_who_restores_is_given_the_restorer_s_key(pulumi):
    key = restorer_key("", "prod")

    assert (key.access_key_id, key.secret_access_key) == ("AKIAR", "restorer half")


def test_the_restorer_s_key_does_not_stand_in_what_is_printed(pulumi):
    assert "restorer half" not in repr(restorer_key("", "prod"))


def test_a_server_of_a_file_has_its_restorer_s_key_there(tmp_path):
    path = tmp_path / "server.json"
    path.write_text(json.dumps({"restorer_access_key_id": "AKIAF", "restorer_secret_access_key": "half"}))

    assert restorer_key(str(path), "prod").access_key_id == "AKIAF"


@pytest.mark.parametrize("text", ["{}", '{"restorer_access_key_id": "", "restorer_secret_access_key": ""}'])
def test_a_file_without_the_restorer_s_key_is_refused_with_what_to_add(tmp_path, text):
    path = tmp_path / "server.json"
    path.write_text(text)

    with pytest.raises(HostSettingsError) as error:
        restorer_key(str(path), "prod")
    assert str(error.value) == (
        f"{path} has no key that reads backups: add restorer_access_key_id and restorer_secret_access_key to it."
    )


def test_a_stack_without_a_bucket_has_no_restorer(pulumi, tmp_path):
    (tmp_path / "pulumi.restorer_access_key_id").write_text('""')

    with pytest.raises(HostSettingsError, match=r"The stack prod has no key that reads backups: set backups to true"):
        restorer_key("", "prod")


def test_the_cluster_of_a_stack_is_found(pulumi, tmp_path):
    (tmp_path / "pulumi.all").write_text(json.dumps(OUTPUTS | {"shape": "cluster", "cluster": CLUSTER}))

    found = cluster_settings("prod")
    assert (found.app_service, found.subnets, found.size.app_tasks) == (
        "invoices-app", ("subnet-1", "subnet-2"), 2,
    )  # fmt: skip


def test_a_stack_without_a_cluster_is_named_with_the_setting_that_rents_one(pulumi, tmp_path):
    (tmp_path / "pulumi.all").write_text(json.dumps(OUTPUTS | {"shape": "server", "cluster": {}}))

    with pytest.raises(HostSettingsError) as error:
        cluster_settings("prod")
    assert str(error.value) == "The stack prod has no cluster: set shape to both or cluster and run `pulumi up`."
