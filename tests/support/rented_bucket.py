"""A locked bucket as instances reach it: by HTTPS, under a name, with a private certificate authority."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.caddy import CADDY
from tests.support.polling import is_so_within
from tests.support.ports import free_port
from tests.support.s3_server import S3Server, running_s3_server
from tests.support.stand_in_images import BUCKET_NAME, GATEWAY

_CADDYFILE = """\
{{
    admin off
    skip_install_trust
    storage file_system {folder}
    auto_https disable_redirects
}}
https://{name}:{port} {{
    bind {address}
    tls internal
    reverse_proxy {behind}
}}
"""


@dataclass(frozen=True)
class RentedBucket:
    """The bucket, with its endpoint for instances and the file of the authority that they have to trust."""

    server: S3Server
    endpoint: str
    authority: Path

    def facts(self) -> dict[str, str]:
        """Return what the outputs of a stack say about it."""
        return {
            "backup_bucket": self.server.bucket,
            "backup_endpoint": self.endpoint,
            "backup_authority": str(self.authority),
            "aws_access_key_id": self.server.writer.access_key_id,
            "aws_secret_access_key": self.server.writer.secret_access_key,
            "restorer_access_key_id": self.server.restorer.access_key_id,
            "restorer_secret_access_key": self.server.restorer.secret_access_key,
        }


def name_it_here() -> None:
    """Let this machine, where the operator is, know the bucket's name as the instances do."""
    hosts, line = Path("/etc/hosts"), f"{GATEWAY} {BUCKET_NAME}"
    if line not in hosts.read_text(encoding="utf-8").splitlines():
        with hosts.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


@contextmanager
def rented_bucket() -> Iterator[RentedBucket]:
    name_it_here()
    folder = Path(tempfile.mkdtemp(prefix="bucket-"))
    port = free_port(GATEWAY)
    authority = folder / "pki/authorities/local/root.crt"
    with running_s3_server() as server:
        settings = {"folder": folder, "name": BUCKET_NAME, "port": port, "address": GATEWAY}
        config = folder / "Caddyfile"
        config.write_text(_CADDYFILE.format(behind=server.endpoint.removeprefix("http://"), **settings))
        with (folder / "log").open("wb") as log:
            command = [str(CADDY), "run", "--config", str(config), "--adapter", "caddyfile"]
            front = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            assert is_so_within(20, authority.exists), (folder / "log").read_text()
            yield RentedBucket(server, f"{BUCKET_NAME}:{port}", authority)
        finally:
            front.terminate()
            front.wait()
            shutil.rmtree(folder, ignore_errors=True)
