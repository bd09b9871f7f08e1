"""A server with a stack on it that remembers what it was asked: what starts shows in what its engine lists."""

import json

from support.recording_host import RecordingHost

from playbooks.steps.switching import UPSTREAM
from provisioning.host import Ran

FACTS = {
    "host": "198.51.100.9", "ipv6_address": "", "user": "ubuntu", "server_name": "invoices", "region": "",
    "instance_name": "", "host_keys": [], "domain": "invoices.example.com", "ssh_cidrs": [], "dns_records_to_set": "",
    "backup_bucket": "", "aws_access_key_id": "", "aws_secret_access_key": "",
    "alarm_topic": "", "metric_namespace": "", "app_secret": "", "monthly_cost": {},
}  # fmt: skip
OLD, NEW = "invoices-app-1", "invoices-app-2"
MACHINE = "MemTotal:        4028516 kB\nMemFree:         1234567 kB\n"  # sold with 4 GB
LIST = "docker ps * --filter label=com.docker.compose.service={} *"


def state(*, status="healthy", running=True, restarts=0, exit_code=0, output=""):
    told = {"Running": running, "ExitCode": exit_code, "Health": {"Status": status, "Log": [{"Output": output}]}}
    return Ran(0, f"{json.dumps(told)} {restarts}\n")


class Server(RecordingHost):
    """A server on which starting a second container shows in what the engine lists."""

    def __init__(self, *, app=(f"1 {OLD} invoices-app:old running",), started=f"2 {NEW} invoices-app:new running"):
        super().__init__(files={UPSTREAM: f"{OLD}:8000\n"} if app else {})
        self.app, self.started = list(app), started
        self.answers[LIST.format("proxy")] = Ran(0, "9 invoices-proxy-1 invoices-proxy:1 running\n")
        self.answers[LIST.format("worker")] = Ran(0, "3 invoices-worker-1 invoices-app:new running\n")
        self.answers["docker inspect *"] = state()
        self.answers["nproc"] = Ran(0, "2\n")
        self.files["/proc/meminfo"] = MACHINE

    def run(self, *command, **options):
        if "label=com.docker.compose.service=app" in command:
            return Ran(0, "".join(f"{line}\n" for line in self.app))
        return super().run(*command, **options)

    def act(self, *command, **options):
        done = super().act(*command, **options)
        if "--scale" in command:
            self.app.append(self.started)
        if command[:3] == ("docker", "rm", "--force"):
            self.app = [line for line in self.app if line.split()[0] != command[3]]
        return done

    @property
    def done(self):
        return [line.partition("docker-compose.yml ")[2] or line for line in self.acted]


def served(*versions):
    """Return what `find` prints of releases that served in this order."""
    return "".join(f"{at}.5 /opt/invoices/releases/{version}\n" for at, version in enumerate(versions))
