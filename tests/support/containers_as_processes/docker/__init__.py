"""What ministack asks of Docker for ECS, answered by processes of this machine: a stand-in for the package `docker`.

A container with a command of `run_task` is that command as a process, with the environment of the container and
CONTAINER_PATH as its PATH. One without, of a service, is taken to run on, unless the file BROKEN_IMAGES names its
image: then it ends with 1. What ECS makes of a container that ends is ministack's to say.
"""

import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from docker import errors

_SEEN_RUNNING_SECONDS = 0.3  # ECS counts only a container that it saw running


def from_env(**_settings):
    asking = sys._getframe(1).f_globals["__name__"]
    if not asking.endswith(".ecs"):
        raise errors.DockerError(f"{asking} gets no containers here")
    return Client()


class Client:
    def __init__(self):
        self.containers = Containers()
        self.images = Images()


class Images:
    def get(self, name):
        return name

    def pull(self, name, **_options):
        return name

    def get_registry_data(self, name, **_options):
        raise errors.ImageNotFound(name)


class Containers:
    def __init__(self):
        self._running = {}

    def run(self, image, *, command=None, environment=None, **_options):
        container = Container(image, command, environment or {})
        self._running[container.id] = container
        return container

    def get(self, name):
        if name not in self._running:
            raise errors.NotFound(name)
        return self._running[name]

    def list(self, **_filters):
        return []


class Container:
    def __init__(self, image, command, environment):
        self.id, self.attrs = uuid.uuid4().hex, {"NetworkSettings": {"Networks": {}}}
        self._begun, self._code, self._process = time.monotonic(), None, None
        self._printed = Path(tempfile.mkstemp(prefix="container-")[1])
        if command:
            with self._printed.open("wb") as out:
                self._process = subprocess.Popen(
                    command, stdout=out, stderr=out, cwd=tempfile.mkdtemp(prefix="container-"),
                    env={**environment, "PATH": os.environ["CONTAINER_PATH"]},
                )  # fmt: skip
        elif image in Path(os.environ["BROKEN_IMAGES"]).read_text().split():
            self._printed.write_text("The database cannot be reached.\n")
            self._code = 1

    @property
    def status(self):
        if time.monotonic() < self._begun + _SEEN_RUNNING_SECONDS:
            return "running"
        if self._process and self._code is None:
            self._code = self._process.poll()
        return "running" if self._code is None else "exited"

    def reload(self):
        pass

    def wait(self):
        return {"StatusCode": self._code}

    def logs(self, *, stream=False, **_options):
        if not stream:
            return self._printed.read_bytes()
        return self._followed()

    def _followed(self):
        if self._process:
            self._process.wait()
            yield self._printed.read_bytes()
        elif self._code:
            yield self._printed.read_bytes()

    def stop(self, **_options):
        if self._process and self._process.poll() is None:
            self._process.terminate()
        self._code = 143 if self._code is None else self._code

    def remove(self, **_options):
        self._printed.unlink(missing_ok=True)
