"""The images of a release: built with Docker on the operator's machine, kept in ECR, and named by their digests."""

import base64
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from botocore.exceptions import ClientError

from playbooks.steps import aws, operator_files
from playbooks.steps.release import Release
from playbooks.steps.session import ClusterSession, RefusedError

_BUILD_SECONDS = 3_600
_DEPLOYED = "deployed"  # as infra/cluster/registry.py says
_PLATFORM = "linux/amd64"  # of the task definitions
# The image of the backups is made of those of the app and the database.
_BUILT = (("db", "app", "proxy"), ("backup",))
_LOCAL = {"app": "invoices-app:{0}", "proxy": "invoices-proxy:2.11", "backup": "invoices-backup:{0}-postgresql17"}


def pushed(found: ClusterSession, release: Release, *, is_refreshed: bool = False) -> dict[str, str]:
    """Return each image of the release by its digest, built and pushed where ECR does not have it yet.

    Where they are refreshed, with the newest images of what they are made of.
    """
    repositories = _repositories(found)
    if missing := [name for name, one in repositories.items() if not _digest(found, one, release.version)]:
        require_docker(found)
        with tempfile.TemporaryDirectory(prefix="invoices-images-") as folder:
            _build(found, release, Path(folder), is_refreshed=is_refreshed)
            _sign_in(found, repositories["app"], Path(folder))
            for name in missing:
                _push(found, name, f"{repositories[name]}:{release.version}", release.version, Path(folder))
    return {name: f"{one}@{_digest(found, one, release.version)}" for name, one in repositories.items()}


def are_pushed(found: ClusterSession, version: str) -> bool:
    return all(_digest(found, one, version) for one in _repositories(found).values())


def mark_deployed(found: ClusterSession, digests: Mapping[str, str]) -> None:
    """Move the tag that the revisions of `pulumi up` run: no other tag of a repository can be moved."""
    ecr = found.aws.client("ecr")
    for image in digests.values():
        address, _, digest = image.partition("@")
        name = address.partition("/")[2]
        kept = ecr.batch_get_image(repositoryName=name, imageIds=[{"imageDigest": digest}])["images"][0]
        media = {"imageManifestMediaType": kept["imageManifestMediaType"]} if "imageManifestMediaType" in kept else {}
        try:
            ecr.put_image(
                repositoryName=name,
                imageManifest=kept["imageManifest"],
                imageTag=_DEPLOYED,
                imageDigest=digest,
                **media,
            )
        except ClientError as error:
            if aws.code(error) != "ImageAlreadyExistsException":  # it has the tag already
                raise


def require_docker(found: ClusterSession) -> None:
    """Raise RefusedError unless Docker, its Compose and its server are on this machine."""
    for command in (["docker", "version"], ["docker", "compose", "version"]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        except FileNotFoundError as error:
            raise RefusedError(
                f"{found.settings.name}: the images are built on this machine, and it has no Docker: install Docker "
                "with its Compose, or deploy from a machine that has them."
            ) from error
        except subprocess.TimeoutExpired as error:
            raise RefusedError(
                f"{found.settings.name}: the images are built on this machine, and `{' '.join(command)}` does not "
                "answer: start Docker, then run this again."
            ) from error
        if done.returncode:
            raise RefusedError(
                f"{found.settings.name}: the images are built on this machine, and `{' '.join(command)}` fails: "
                f"{_last_line(done.stderr)}"
            )


def _repositories(found: ClusterSession) -> dict[str, str]:
    settings = found.settings
    every = {
        "app": settings.app_repository,
        "proxy": settings.proxy_repository,
        "backup": settings.backup_repository,
    }
    return {name: repository for name, repository in every.items() if repository}


def _digest(found: ClusterSession, repository: str, version: str) -> str:
    """Return nothing where ECR does not have the image."""
    try:
        answer = found.aws.client("ecr").describe_images(
            repositoryName=repository.partition("/")[2], imageIds=[{"imageTag": version}]
        )
    except ClientError as error:
        if aws.code(error) == "ImageNotFoundException":
            return ""
        raise
    return next((str(one["imageDigest"]) for one in answer["imageDetails"]), "")


def _build(found: ClusterSession, release: Release, folder: Path, *, is_refreshed: bool) -> None:
    with release.archive() as archive, tarfile.open(archive) as files:
        files.extractall(folder / "release", filter="data")
    backup = bool(found.settings.backup_repository)
    for services in _BUILT if backup else (("app", "proxy"),):
        pull = ["--pull"] if is_refreshed and services != ("backup",) else []
        command = ["docker", "compose", "--profile", "*", "build", *pull, *services]
        variables = {"VERSION": release.version, "DOCKER_DEFAULT_PLATFORM": _PLATFORM}
        _docker(found, command, folder / "release", variables)


def _sign_in(found: ClusterSession, repository: str, folder: Path) -> None:
    """Keep the password of ECR, which is good for hours, in a folder that is removed, not in the operator's own."""
    token = found.aws.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    registry = repository.partition("/")[0]
    command = ["docker", "login", "--username", user, "--password-stdin", registry]
    _docker(found, command, folder, _config(folder), stdin=password)


def _push(found: ClusterSession, name: str, image: str, version: str, folder: Path) -> None:
    _docker(found, ["docker", "tag", _LOCAL[name].format(version), image], folder)
    _docker(found, ["docker", "push", "--quiet", image], folder, _config(folder))


def _config(folder: Path) -> dict[str, str]:
    return {"DOCKER_CONFIG": str(folder / "sign-in")}


def _docker(
    found: ClusterSession,
    command: list[str],
    folder: Path,
    variables: Mapping[str, str] | None = None,
    *,
    stdin: str = "",
) -> None:
    done = subprocess.run(
        command, cwd=folder, env={**operator_files.variables(), **(variables or {})}, input=stdin,
        capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RefusedError(
            f"{found.settings.name}: `{' '.join(command[:3])}` failed on this machine, and nothing was changed: "
            f"{_last_line(done.stderr or done.stdout)}"
        )


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it says nothing")
