"""Real programs under the names and contracts of official images, and a registry of our own that serves them.

Everything is built from Debian's and Python's packages. An image is named by a hash of what it is built from: what is
there already is not built again.
"""

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from tests.support import combinations, this_machine
from tests.support.docker_engine import EngineError, docker, install, one_at_a_time, succeeds, wait_until

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests/e2e/images"
PREFIX = "invoices-e2e"
NETWORK = f"{PREFIX}-net"
SUBNET = "10.213.81.0/24"
IPV6_PREFIX = "fd0d:e2e::"
REGISTRY_ADDRESS = "10.213.81.2"
NAMES_ADDRESS = "10.213.81.3"
BUCKET_NAME = "bucket.invoices.test"
GATEWAY = "10.213.81.1"  # of this machine
_CONTAINER = f"{PREFIX}-images"
_NAMES_CONTAINER = f"{PREFIX}-names"
REGISTRY = f"{REGISTRY_ADDRESS}:5000"
MIRROR = f"http://{REGISTRY}"
# Tags that are served where no file of the product names another.
TAGS = {
    "python": "3.13-slim-trixie",
    "postgres": "17-trixie",
    "caddy": "2.11",
    "redis": "8-trixie",
    "haproxy": "3.0",
}
# PostgreSQL that databases are upgraded from, by the release of Debian that has it.
OLDER_POSTGRESQL = {"15": "bookworm"}

# Past any proxy: the registry is on this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_PARENT = re.compile(r"^ARG ([A-Z]+)$", re.MULTILINE)
_DEFAULT = re.compile(r"^ARG (\w+)=(\S+)$", re.MULTILINE)
_N8N_VERSION = re.compile(r"image: n8nio/n8n:(\S+)")
_N8N_FOLDER = ROOT / ".tools/n8n"
_NAMED = re.compile(rf"(?:image:|FROM|ARG \w+=)\s*[\"']?(?:docker\.io/)?(?:library/)?({'|'.join(TAGS)}):([\w][\w.-]*)")
# As in Debian's own slim images.
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/lintian/*")


def serve() -> None:
    """Have every image that the product names served by the registry; builds and pushes only what is not there.

    Official images come from where the product itself has them from.
    """
    with one_at_a_time():
        ensure_names()
        if combinations.are_official():
            return
        ensure_registry()
        for name, tag in sorted(named_images()):
            _push(build(name), f"library/{name}", tag)
        for major, suite in OLDER_POSTGRESQL.items():
            _push(build("postgres", older=(major, suite)), "library/postgres", f"{major}-trixie")


def serve_n8n() -> None:
    """Have n8n's image served too: it is large, and few tests want it."""
    with one_at_a_time():
        if combinations.are_official():
            return
        ensure_registry()
        version = _N8N_VERSION.findall((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[0]
        _push(_built_n8n(version), "n8nio/n8n", version)


def _built_n8n(version: str) -> str:
    """Return the image of n8n; what npm installed is copied into it, as a build would read it four times."""
    subprocess.run([ROOT / "tests/automation/install_n8n.sh", _N8N_FOLDER], check=True, timeout=1_800)
    base = build("n8n")
    image = f"{PREFIX}/n8n-installed:trixie-{_hash([base, version])}"
    if not succeeds("image", "inspect", image):
        container = docker("create", base)
        docker("cp", _N8N_FOLDER.resolve() / "node_modules", f"{container}:/usr/local/lib/n8n/")
        docker("commit", container, image)
        docker("rm", container)
        _forget_older(image)
    return image


def named_images(root: Path = ROOT) -> set[tuple[str, str]]:
    """Return names and tags of the official images that the product's files are written for."""
    files = [root / "docker-compose.yml", *root.glob("app/Dockerfile"), *root.glob("stack/**/Dockerfile")]
    named = {found for path in files if path.exists() for found in _NAMED.findall(_with_defaults(path))}
    return named | {(name, tag) for name, tag in TAGS.items() if name not in {name for name, _ in named}}


def _with_defaults(path: Path) -> str:
    """Return the text of a file with the defaults of its arguments in the places where they are named."""
    text = path.read_text(encoding="utf-8")
    for argument, default in _DEFAULT.findall(text):
        text = text.replace(f"${{{argument}}}", default)
    return text


def build(name: str, *, suite: str = "trixie", older: tuple[str, str] | None = None) -> str:
    """Return the image made from the folder of that name, built where it is not there yet.

    `older` names the major version of its program and the release of Debian that has it, if not the suite's own.
    """
    folder = FOLDER / name
    dockerfile = (folder / "Dockerfile").read_text(encoding="utf-8")
    parents = {parent: _parent(parent, suite) for parent in dict.fromkeys(_PARENT.findall(dockerfile))}
    machine = this_machine.files() if name in {"debian", "ubuntu"} else {}
    content = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    major, sources = _older(older)
    version = f"{suite}{major}"
    image = f"{PREFIX}/{name}:{version}-{_hash([parents, machine, content, sources])}"
    if not succeeds("image", "inspect", image):
        with tempfile.TemporaryDirectory(prefix=f"{PREFIX}-") as place:
            context = Path(place) / "context"
            shutil.copytree(folder, context)
            _write_below(context / "machine", machine)
            if name == "postgres":
                _write_below(context / "older", {"older.list": sources})
            chosen = {**parents, **({"MAJOR": major} if major else {})}
            arguments = [word for parent in chosen.items() for word in ("--build-arg", "=".join(parent))]
            docker("build", "-q", "--network", "bridge", *arguments, "-t", image, context)
        _forget_older(image)
    return image


def digest(repository: str, tag: str) -> str:
    """Return the digest of what the registry serves under a name, empty where it serves nothing."""
    wanted = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}
    url = f"http://{_registry()}/v2/{repository}/manifests/{tag}"
    try:
        with _OPENER.open(urllib.request.Request(url, headers=wanted, method="HEAD"), timeout=10) as answer:
            return answer.headers["Docker-Content-Digest"]
    except OSError:
        return ""


def ensure_registry() -> None:
    """Have the network of the instances, and the registry at its address in it."""
    ensure_network()
    image, name = build("registry"), _CONTAINER
    if succeeds("container", "inspect", name):
        if docker("container", "inspect", "-f", "{{.Config.Image}}", name) == image:
            docker("start", name)
            _wait_for_registry()
            return
        docker("rm", "-f", name)
    docker(
        "run", "-d", "--name", name, "--network", NETWORK, "--ip", REGISTRY_ADDRESS, "-p", "127.0.0.1::5000",
        "-v", f"{name}:/var/lib/docker-registry", "--restart", "unless-stopped", image,
    )  # fmt: skip
    _wait_for_registry()


def ensure_names() -> None:
    """Have the server of names that the instances ask."""
    ensure_network()
    image, name = build("names"), _NAMES_CONTAINER
    if succeeds("container", "inspect", name):
        if docker("container", "inspect", "-f", "{{.Config.Image}}", name) == image:
            docker("start", name)
            return
        docker("rm", "-f", name)
    servers = [f"--server={line.split()[1]}" for line in this_machine.nameservers().splitlines()]
    docker(
        "run", "-d", "--name", name, "--network", NETWORK, "--ip", NAMES_ADDRESS, "--restart", "unless-stopped",
        image, "dnsmasq", "--keep-in-foreground", "--user=root", "--no-hosts", "--no-resolv", *servers,
        f"--address=/{BUCKET_NAME}/{GATEWAY}",
    )  # fmt: skip


def ensure_network() -> None:
    """Have the network that instances and the registry share."""
    if not succeeds("network", "inspect", NETWORK):
        docker("network", "create", "--subnet", SUBNET, "--ipv6", "--subnet", f"{IPV6_PREFIX}/64", NETWORK)


def image_of(name: str) -> str:
    """Return the image that the stack is made of in the place of an official one, or that one itself."""
    return f"{name}:{TAGS[name]}" if combinations.are_official() else build(name)


def _parent(name: str, suite: str) -> str:
    if name == "BOOTSTRAPPED":
        return _bootstrapped(suite)
    if name == "DEBIAN" and suite == combinations.SYSTEMS["ubuntu-24.04"]:
        return build("ubuntu", suite=suite)
    return build(name.lower(), suite=suite)


def _older(older: tuple[str, str] | None) -> tuple[str, str]:
    """Return the major version that is not the suite's own, and the sources that have it; nothing for the suite's."""
    if older is None:
        return "", ""
    major, suite = older
    return major, "".join(f"{line}\n" for line in this_machine.debian_mirrors(suite))


def _bootstrapped(suite: str) -> str:
    """Return Debian's smallest system as an image, made by mmdebstrap."""
    options = ["--variant=minbase", "--include=ca-certificates", f"--aptopt={this_machine.apt_conf()}"]
    options += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    options += ["--dpkgopt=path-include=/usr/share/doc/*/copyright"]
    words = [*options, suite, "-", *this_machine.debian_mirrors(suite)]
    image = f"{PREFIX}/bootstrapped:{suite}-{_hash(words)}"
    if not succeeds("image", "inspect", image):
        if not shutil.which("mmdebstrap"):
            install("mmdebstrap")
        made = subprocess.run(["mmdebstrap", *words], check=False, capture_output=True, timeout=900)
        if made.returncode != 0:
            raise EngineError(f"mmdebstrap cannot make {suite}:\n{made.stderr.decode(errors='replace')[-1500:]}")
        docker("import", "-", image, stdin=made.stdout)
        _forget_older(image)
    return image


def _forget_older(image: str) -> None:
    """Remove what an image takes the place of, except where a container still runs on it."""
    repository, _, tag = image.partition(":")
    suite = tag.partition("-")[0]
    for other in docker("images", "--format", "{{.Repository}}:{{.Tag}}", repository).split():
        if other != image and other.startswith(f"{repository}:{suite}-"):
            succeeds("rmi", other)


def _push(image: str, repository: str, tag: str) -> None:
    """Have the registry serve an image under a name, unless it does."""
    registry = _registry()
    # The hash is pushed beside the tag: both lead to one manifest only while the tag is what we built last.
    served = {digest(repository, one) for one in (tag, image.rpartition(":")[2])}
    if len(served) == 1 and "" not in served:
        return
    for one in (image.rpartition(":")[2], tag):
        docker("tag", image, f"{registry}/{repository}:{one}")
        docker("push", "-q", f"{registry}/{repository}:{one}")
        docker("rmi", f"{registry}/{repository}:{one}")


def _registry() -> str:
    """Return where the registry is reached from this machine."""
    return docker("port", _CONTAINER, "5000/tcp").splitlines()[0].replace("127.0.0.1", "localhost")


def _wait_for_registry() -> None:
    wait_until(_registry_answers, "The registry does not answer")


def _registry_answers() -> bool:
    try:
        _OPENER.open(f"http://{_registry()}/v2/", timeout=1).close()
    except OSError:
        return False
    return True


def _write_below(folder: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        place = folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8")


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
