"""The containers of the tasks: read-only, without rights and not as root, as in docker-compose.yml."""

import json
from collections.abc import Mapping
from typing import Any

from infra.cluster.network import ADDRESSES, DATABASE_PORT, PROXY_PORT
from infra.cluster.registry import DEPLOYED
from infra.cluster.secret import secrets_of

Container = dict[str, Any]
Parts = Mapping[str, str]  # what is known of the cluster once it is rented
_USER, _PROXY_USER = 10001, 10002
_TEMPORARY_MEGABYTES = 256  # of the task's memory
_STOP_SECONDS, _LONG_STOP_SECONDS = 60, 120  # the latter is the most that Fargate gives
_LEAVE_SECONDS = 10  # a balancer sends on for a while after it stops a target
_SIGNING = {"SECRET_KEY": "SECRET_KEY", "SECRET_KEYS_BEFORE": "SECRET_KEYS_BEFORE"}
_MAIL = {"SMTP_URL": "SMTP_URL"}
_PROVIDER = {"OIDC_CLIENT_SECRET": "OIDC_CLIENT_SECRET"}
_KEY_FILE = "/tmp/signing_key"  # noqa: S108  # inside the container, in memory
_KEY_INTO_FILE = f"""umask 077; printf '%s\\n' "$BACKUP_SIGNING_KEY" > {_KEY_FILE}; exec "$@\""""
_SETUP = ("APP_DATABASE_URL", "WORKER_DATABASE_URL", "OWNER_DATABASE_URL", "BACKUP_DATABASE_URL")
# Python's bare interpreter, as in app/Dockerfile: ECS does not look at an image's own check.
_ALIVE = (
    "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=4); "
    "c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"
)


def app_containers(parts: Parts) -> str:
    app = _product("app", parts, "APP_DATABASE_URL", stop=_STOP_SECONDS)
    # Only the proxy of the same task reaches it, which says where a request is from: it knows the balancer's networks.
    _add(app, {"HOST": "127.0.0.1", "TRUSTED_PROXIES": "127.0.0.1", "LEAVE_SECONDS": str(_LEAVE_SECONDS)})
    _add(app, {"BEHIND_CLOUDFRONT": "on" if parts["cdn"] == "cloudfront" else "off"})
    app["healthCheck"] = _check(["CMD", "python", "-I", "-S", "-c", _ALIVE])
    return json.dumps([app, _proxy(parts)])


def worker_containers(parts: Parts) -> str:
    worker = _product("worker", parts, "WORKER_DATABASE_URL", stop=_STOP_SECONDS)
    worker["command"] = ["invoices", "worker"]
    worker["healthCheck"] = _check(["CMD", "python", "-m", "app.jobs.heartbeat"])
    return json.dumps([worker])


def once_containers(parts: Parts) -> str:
    """Return what commands run in, as the owner of the database; each run says its own command."""
    once = _product("once", parts, "OWNER_DATABASE_URL", stop=_LONG_STOP_SECONDS)
    once["command"] = ["invoices", "health"]
    return json.dumps([once])


def backup_containers(parts: Parts) -> str:
    """Return what makes the hourly backup and, run with another command, the database and its roles."""
    backup = _container("backup", parts["backup_repository"], _USER, parts, stop=_LONG_STOP_SECONDS)
    # ssh-keygen signs with a key in a file: it is kept in memory. A run with another command goes through here too.
    backup["entryPoint"] = ["sh", "-c", _KEY_INTO_FILE, "sh"]
    backup["command"] = ["invoices", "backup"]
    backup["mountPoints"] = [_mount("data", "/data"), _mount("scratch", "/scratch")]
    region = parts["region"]
    _add(
        backup,
        {
            **_files(parts),
            "BACKUP_PLACE": f"s3://{parts['backup_bucket']}" if parts["backup_bucket"] else "",
            "BACKUP_ENDPOINT": f"https://s3.{region}.amazonaws.com",
            "BACKUP_REGION": region,
            "BACKUP_BY_ROLE": "on",
            "BACKUP_SIGNING_KEY_FILE": _KEY_FILE,
            "PGHOST": parts["database_host"],
            "PGPORT": str(DATABASE_PORT),
            "PGDATABASE": "postgres",
            "PGSSLMODE": "require",
        },
    )
    own = {"DATABASE_URL": "BACKUP_DATABASE_URL"}
    own |= {name: name for name in (*_SETUP, "BACKUP_SIGNING_KEY", "BACKUP_RECIPIENT")}
    administrator = {"PGUSER": "username", "PGPASSWORD": "password"}  # keys that RDS gives its secret
    backup["secrets"] = secrets_of(parts["secret"], own) + secrets_of(parts["master_secret"], administrator)
    return json.dumps([backup])


def _product(name: str, parts: Parts, database: str, *, stop: int) -> Container:
    container = _container(name, parts["app_repository"], _USER, parts, stop=stop)
    container["mountPoints"] = [_mount("data", "/data")]
    _add(container, {"PUBLIC_URL": f"https://{parts['domain']}", **_files(parts)})
    container["secrets"] = secrets_of(parts["secret"], {"DATABASE_URL": database, **_SIGNING, **_MAIL, **_PROVIDER})
    return container


def _proxy(parts: Parts) -> Container:
    proxy = _container("proxy", parts["proxy_repository"], _PROXY_USER, parts, stop=_STOP_SECONDS)
    proxy["portMappings"] = [{"containerPort": PROXY_PORT, "protocol": "tcp"}]
    # ECS stops containers in the reverse order: the proxy ends before the app that it sends to.
    proxy["dependsOn"] = [{"containerName": "app", "condition": "HEALTHY"}]
    proxy["linuxParameters"]["tmpfs"] = [_memory(path, 16, _PROXY_USER) for path in ("/tmp", "/config", "/data")]  # noqa: S108  # inside the container
    proxy["command"] = ["caddy", "run", "--config", "/etc/caddy/task.Caddyfile", "--adapter", "caddyfile"]
    proxy["healthCheck"] = _check(["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:2020/"])
    _add(proxy, {"BALANCER_NETWORKS": ADDRESSES})
    return proxy


def _container(name: str, repository: str, user: int, parts: Parts, *, stop: int) -> Container:
    return {
        "name": name,
        "image": f"{repository}:{DEPLOYED}",
        "essential": True,
        "user": f"{user}:{user}",
        "readonlyRootFilesystem": True,
        "stopTimeout": stop,
        "environment": [],
        "secrets": [],
        "mountPoints": [],
        "portMappings": [],
        "linuxParameters": {
            "initProcessEnabled": True,
            "capabilities": {"drop": ["ALL"]},
            "tmpfs": [_memory("/tmp", _TEMPORARY_MEGABYTES, user)],  # noqa: S108  # inside the container
        },
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": parts["log_group"],
                "awslogs-region": parts["region"],
                "awslogs-stream-prefix": name,
                "mode": "non-blocking",  # what cannot be logged must not hold up what is served
                "max-buffer-size": "8m",
            },
        },
    }


def _memory(path: str, megabytes: int, user: int) -> dict[str, Any]:
    mode = ["mode=1777"] if path == "/tmp" else [f"uid={user}", f"gid={user}", "mode=0700"]  # noqa: S108  # inside the container
    return {"containerPath": path, "size": megabytes, "mountOptions": mode}


def _mount(volume: str, path: str) -> dict[str, Any]:
    return {"sourceVolume": volume, "containerPath": path, "readOnly": False}


def _check(command: list[str]) -> dict[str, Any]:
    return {"command": command, "interval": 10, "timeout": 5, "retries": 3, "startPeriod": 60}


def _files(parts: Parts) -> dict[str, str]:
    return {"FILES_URL": f"s3://{parts['files_bucket']}/{parts['files_folder']}", "FILES_REGION": parts["region"]}


def _add(container: Container, environment: Mapping[str, str]) -> None:
    container["environment"] += [{"name": name, "value": value} for name, value in environment.items()]
