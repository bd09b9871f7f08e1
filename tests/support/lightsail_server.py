"""A stand-in for Lightsail's API over HTTP: the calls that commands of `fab` make, answered from an account in a file.

The protocol is that of botocore's model: JSON 1.1, the operation named by `X-Amz-Target`. Guesses, which only AWS can
confirm: that a new instance has its host keys only some time after it runs, which fields such a key has of those that
botocore knows, and that a key pair of any kind is taken.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.aws_account import Account

REGION = "us-east-1"
_KEYS_AFTER = 2  # how often it is asked for host keys before it has them
_BUNDLES = (("small_3_0", 12, 2), ("medium_3_0", 24, 4), ("large_3_0", 44, 8))
_BLUEPRINTS = ("ubuntu_24_04", "ubuntu_22_04", "debian_13")


@contextmanager
def running_lightsail_server(account: Path, host_key: str) -> Iterator[str]:
    """Return the address to which AWS_ENDPOINT_URL_LIGHTSAIL is to be set."""
    answers = _Answers(account, host_key)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            status, answer = answers.answer(operation, asked)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


class _Answers:
    def __init__(self, account: Path, host_key: str) -> None:
        self._path, self._host_key = account, host_key
        self._asked_for_keys = 0

    def answer(self, operation: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        account = Account.load(self._path)
        if operation == "GetRegions":
            zones = [{"zoneName": f"{REGION}{letter}", "state": "available"} for letter in "ab"]
            return 200, {"regions": [{"name": REGION, "availabilityZones": zones}]}
        if operation == "GetBundles":
            return 200, {"bundles": [_bundle(*one) for one in _BUNDLES]}
        if operation == "GetBlueprints":
            return 200, {"blueprints": [{"blueprintId": name, "isActive": True} for name in _BLUEPRINTS]}
        if operation == "GetStaticIps":
            return 200, {"staticIps": [{"name": name, "ipAddress": one} for name, one in account.static_ips.items()]}
        if operation == "GetInstances":
            return 200, {"instances": [{"name": name, "tags": _tags(one)} for name, one in account.instances.items()]}
        if operation in {"ImportKeyPair", "DeleteKeyPair"}:
            return 200, {"operation": {"resourceName": asked["keyPairName"], "status": "Succeeded"}}
        if operation == "GetInstanceAccessDetails":
            return self._access_details(account, asked["instanceName"])
        return 400, {"__type": "InvalidInputException", "message": f"{operation} is not answered here."}

    def _access_details(self, account: Account, name: str) -> tuple[int, dict[str, Any]]:
        if name not in account.instances:
            return 404, {"__type": "NotFoundException", "message": f"The Instance does not exist: {name}"}
        self._asked_for_keys += 1
        kind, public = self._host_key.split()
        keys = [{"algorithm": kind, "publicKey": public}] if self._asked_for_keys > _KEYS_AFTER else []
        return 200, {"accessDetails": {"instanceName": name, "protocol": "ssh", "hostKeys": keys}}


def _bundle(name: str, dollars: float, gigabytes: float) -> dict[str, Any]:
    return {
        "bundleId": name, "price": dollars, "ramSizeInGb": gigabytes, "isActive": True,
        "supportedPlatforms": ["LINUX_UNIX"],
    }  # fmt: skip


def _tags(instance: Any) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in instance.inputs.get("tags", {}).items()]
