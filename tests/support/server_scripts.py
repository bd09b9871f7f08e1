"""The server as the scripts that run on it see it: what its programs print, and a folder of reports."""

from fnmatch import fnmatchcase

import machine
import reports

CERTIFICATE = {"at": "2026-11-28T02:00:00Z", "ok": True, "sentence": "It agrees.", "backup": "20261128T015500Z"}
SETTINGS = "DOMAIN=invoices.example.com\nBACKUP_PLACE=s3://bucket\n"


def container(service, *, number=1, state="running", status="Up 3 hours (healthy)", image=None):
    name = f"invoices-{service}-{number}"
    return "\t".join([f"{name}-0123456789", service, name, image or f"{service}:1", state, status])


ALL_RUN = "\n".join(container(service) for service in ("app", "db", "proxy", "worker"))


class Machine:
    """Answers commands from a table of patterns; the last that fits counts, and what fits none prints nothing."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.answers = {"docker ps *": ALL_RUN}
        self.asked = []
        self.stdin = []
        self.settings = folder / "stack.env"
        self.settings.write_text(SETTINGS)
        monkeypatch.setattr(machine, "SETTINGS", self.settings)
        monkeypatch.setattr(machine, "printed", self._printed)
        monkeypatch.setattr(reports, "FOLDER", folder)

    def _printed(self, *command, seconds=0, stdin=""):
        line = " ".join(command)
        self.asked.append(line)
        self.stdin.append(stdin)
        fitting = [answer for pattern, answer in self.answers.items() if fnmatchcase(line, pattern)]
        if not fitting:
            return ""
        if isinstance(fitting[-1], Exception):
            raise fitting[-1]
        return fitting[-1]
