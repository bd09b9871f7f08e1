"""Tasks get the settings of the app that `server.env` has; what a deploy gave them before goes when it is taken out."""

import re
from pathlib import Path

import pytest
import yaml

from playbooks.cluster import task_settings
from playbooks.steps import stack_settings
from provisioning.settings import HostSettingsError

COMPOSE = yaml.safe_load((Path(__file__).parents[3] / "docker-compose.yml").read_text())
# Of what the app can be given on a server: what the cluster sets itself, and sizes of a machine.
NOT_FOR_TASKS = {
    "AUTOMATION_SUBNET", "BEHIND_CLOUDFRONT", "DISK_RESERVE_MEGABYTES", "LEAVE_SECONDS", "REDIS_URL_FILE",
    "REPORTS_DIR", "SERVER_WORKERS", "WORKBOOK_MAX_MEMORY_MEGABYTES", "WORKER_MAX_MEMORY_MEGABYTES",
}  # fmt: skip


def test_each_setting_that_a_server_gives_the_app_is_one_of_the_tasks_or_the_cluster_s_own():
    given = COMPOSE["services"]["worker"]["environment"]
    named = {name for name, value in given.items() if re.match(rf"\${{{name}:-", str(value))}

    assert named == task_settings.NAMES | NOT_FOR_TASKS


def container(**variables):
    return {"name": "app", "environment": [{"name": name, "value": value} for name, value in variables.items()]}


def test_what_a_deploy_added_before_is_replaced_and_what_pulumi_says_stays():
    before = container(PUBLIC_URL="https://a.example", MAIL_FROM="old@a.example", CURRENCY="EUR")

    after = task_settings.with_settings(before, {"MAIL_FROM": "new@a.example"})

    assert after == container(PUBLIC_URL="https://a.example", MAIL_FROM="new@a.example")


def test_a_proxy_gets_none():
    assert task_settings.with_settings({"name": "proxy"}, {"MAIL_FROM": "a@a.example"}) == {"name": "proxy"}


def test_a_secret_in_the_file_is_refused_before_anything_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr(stack_settings, "FOLDER", tmp_path)
    (tmp_path / "server.env").write_text("SMTP_URL=smtp://user:word@mail.example\n")

    with pytest.raises(HostSettingsError, match="SMTP_URL holds a password: take it out, and run `fab secrets --mail`"):
        task_settings.chosen("prod")
