"""The stack as docker-compose.yml describes it, held against the numbered controls for containers."""

import json
import re
from pathlib import Path

import pytest
import yaml

from app.cli.secret_files import DATABASE_USER, N8N_USER, PRODUCT_USER, REDIS_USER, ROLES
from app.settings import AppSettings

ROOT = Path(__file__).parents[2]
STACK = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = STACK["services"]
IMAGES = {
    "invoices-app": "app",
    "invoices-proxy": "stack/proxy",
    "invoices-database": "stack/database",
    "invoices-gate": "stack/gate",
    "invoices-backup": "stack/backup",
}
DOCKERFILES = {folder: (ROOT / folder / "Dockerfile").read_text() for folder in IMAGES.values()}

# They run once and end; `secrets` is root to give each file to the user of its service, and has no network.
ONE_SHOTS = {"secrets", "migrate", "backup", "restore", "automation", "n8n-setup"}
ROOT_BY_DESIGN = {"secrets", "restore"}
ONLY_WHERE_WANTED = {"redis": ["cache"], "gate": ["bucket"], "backup": ["backups"], "restore": ["backups"]}
ONLY_WHERE_WANTED |= {name: ["automation"] for name in ("n8n", "n8n-setup", "automation")}
# `restore` puts a database and its archive in place: it reads what the backups read, and the password of the owner.
# `automation` gives n8n its token in the app, and `n8n-setup` fills n8n's credentials: each as the one it does it for.
ALSO_READ = {
    ("restore", "secrets-backup", "/run/secrets"),
    ("restore", "secrets-migrate", "/owner"),
    ("automation", "secrets-app", "/run/secrets"),
    ("n8n-setup", "secrets-n8n", "/run/secrets"),
}
USERS_OF_SECRETS = {"db": DATABASE_USER, "redis": REDIS_USER, "n8n": N8N_USER, **dict.fromkeys(ROLES, PRODUCT_USER)}
LARGEST_SUM_OF_LIMITS = 4_000  # megabytes: the memory of the machine that is rented

every_service = pytest.mark.parametrize("name", SERVICES)
every_lasting_service = pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOTS))
every_dockerfile = pytest.mark.parametrize("name", DOCKERFILES, ids=str)


def dockerfile_of(service):
    """The text of what the service's image is built from; nothing for images of others."""
    folder = IMAGES.get(service["image"].partition(":")[0])
    return DOCKERFILES[folder] if folder else ""


def from_images(service):
    """What its image is built from, with the defaults of the arguments."""
    dockerfile = dockerfile_of(service)
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)$", dockerfile, re.MULTILINE))
    named = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    return [re.sub(r"\$\{(\w+)\}", lambda found: defaults.get(found[1], found[0]), image) for image in named]


def user_of(service):
    last = re.findall(r"^USER (\S+)$", dockerfile_of(service), re.MULTILINE)
    return service.get("user") or (last[-1] if last else "root")


def by_default(value):
    """What it is where no deploy sets it."""
    return re.sub(r"^\$\{\w+:-([^}]+)\}$", r"\1", str(value))


def megabytes(text):
    assert by_default(text).endswith("m")
    return int(by_default(text)[:-1])


def seconds(text):
    assert text.endswith("s")
    return int(text[:-1])


def mounts(service):
    """What is mounted, as (source, path, whether it can only be read)."""
    for volume in service.get("volumes", ()):
        source, path, *options = re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", volume).split(":")
        yield source, path, options == ["ro"]


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ROOT_BY_DESIGN))
def test_d_01_nobody_is_root(name):
    user, _, group = user_of(SERVICES[name]).partition(":")

    assert int(user) > 0
    assert int(group) > 0


@pytest.mark.parametrize("name", sorted(ROOT_BY_DESIGN))
def test_d_01_who_has_to_be_root_is_shut_in_and_runs_once(name):
    service = SERVICES[name]

    assert service.get("network_mode") == "none" or service["networks"] == ["data"]
    assert service["restart"] == "no"


@every_service
def test_d_02_every_capability_is_dropped(name):
    assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_d_02_only_who_gives_files_away_gets_some_back():
    added = {name: service["cap_add"] for name, service in SERVICES.items() if "cap_add" in service}

    assert added == {
        "secrets": ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
        # It runs PostgreSQL as the owner of its data, and gives workbooks to the app.
        "restore": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"],
    }


@every_service
def test_d_03_nobody_gets_more_rights_than_at_the_start(name):
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


@every_service
def test_d_04_nothing_is_written_but_to_volumes_and_memory(name):
    assert SERVICES[name]["read_only"] is True
    assert SERVICES[name]["tmpfs"]


@every_service
def test_d_05_memory_processors_and_processes_are_limited(name):
    service = SERVICES[name]

    assert megabytes(service["mem_limit"]) > 0
    assert 0 < int(by_default(service["cpu_quota"])) <= 150_000
    assert 0 < service["pids_limit"] <= 128


def test_d_05_all_that_lasts_fits_into_the_machine_even_at_its_limits():
    # n8n's share is taken from the others' by a deploy (tests/playbooks/test_machine_size.py).
    limits = [megabytes(SERVICES[name]["mem_limit"]) for name in SERVICES.keys() - ONE_SHOTS - {"n8n"}]

    assert sum(limits) <= LARGEST_SUM_OF_LIMITS


@every_lasting_service
def test_d_06_health_is_looked_after(name):
    service = SERVICES[name]
    check = service["healthcheck"]

    assert "test" in check or "\nHEALTHCHECK " in dockerfile_of(service)
    assert seconds(check["timeout"]) < seconds(check["interval"])
    assert seconds(check["interval"]) * check["retries"] <= 60
    assert seconds(check["start_interval"]) <= 2


def test_d_06_a_service_starts_once_those_that_it_needs_are_ready():
    conditions = {
        name: {needed: how["condition"].removeprefix("service_") for needed, how in service["depends_on"].items()}
        for name, service in SERVICES.items()
        if "depends_on" in service
    }

    made, ready = "completed_successfully", "healthy"
    assert conditions == {
        "db": {"secrets": made},
        "migrate": {"secrets": made, "db": ready},
        "redis": {"secrets": made},
        "app": {"migrate": made, "db": ready, "redis": ready},
        "worker": {"migrate": made, "db": ready, "redis": ready},
        "proxy": {"app": ready},
        "automation": {"migrate": made, "db": ready},
        "n8n-setup": {"secrets": made, "db": ready},
        "n8n": {"n8n-setup": made, "db": ready},
    }


def test_nobody_needs_what_runs_only_where_it_is_wanted():
    optional = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    needed = {
        other
        for name, service in SERVICES.items()
        if name not in optional
        for other, how in service.get("depends_on", {}).items()
        if how.get("required", True)
    }

    assert optional == ONLY_WHERE_WANTED
    assert needed & optional.keys() == set()


@every_service
def test_d_07_logs_take_only_so_much_room(name):
    assert SERVICES[name]["logging"] == {"driver": "local", "options": {"max-size": "10m", "max-file": "3"}}


@every_service
def test_d_08_nothing_of_the_machine_is_shared(name):
    service = SERVICES[name]
    own = {f"./{path}" for path in ("stack/database", "stack/proxy/conf", "stack/n8n")}
    of_the_machine = [(source, is_fixed) for source, _, is_fixed in mounts(service) if source not in STACK["volumes"]]

    assert not service.keys() & {
        "privileged",
        "pid",
        "ipc",
        "uts",
        "userns_mode",
        "devices",
        "sysctls",
        "cgroup_parent",
    }
    assert service.get("network_mode") in {None, "none"}
    assert {source for source, _ in of_the_machine} <= own
    assert all(is_fixed for _, is_fixed in of_the_machine)


@every_service
def test_d_09_images_are_pinned(name):
    service = SERVICES[name]
    images = [re.sub(r"\$\{\w+:-(\w+)\}", r"\1", service["image"]), *from_images(service)]
    others = [image for image in images if not image.startswith(("invoices-app:", "invoices-backup:"))]

    assert all(re.search(r":\d+(\.\d+)*(-[a-z-]*trixie)?$", image) for image in others), others


@every_dockerfile
def test_an_image_says_by_labels_what_it_is_and_what_it_was_made_of(name):
    text = DOCKERFILES[name]
    labels = dict(re.findall(r"org\.opencontainers\.image\.([\w.]+)=(\S+)", text))
    last = re.findall(r"^FROM (\S+)", text, re.MULTILINE)[-1]

    assert IMAGES[labels["title"]] == name
    if last.startswith("invoices-"):
        assert labels["revision"] == "${VERSION}"
    else:
        assert labels["base.name"] == f"docker.io/library/{last}"


@every_service
def test_d_09_images_that_are_built_here_are_fetched_from_nobody(name):
    service = SERVICES[name]

    assert ("pull_policy" in service) == service["image"].startswith("invoices-")
    assert service.get("pull_policy", "never") == "never"


def test_d_10_only_the_proxy_is_reached_from_outside():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"proxy": ["80:80", "443:443", "443:443/udp"]}


def test_d_11_the_database_has_no_way_out_and_the_proxy_none_to_it():
    internal = {name for name, network in STACK["networks"].items() if (network or {}).get("internal")}
    joined = {name: set(service.get("networks", ())) for name, service in SERVICES.items()}

    # The gate passes on to the bucket's name only; what reaches it is the database's one way out.
    assert internal == {"front", "data", "automation"}
    assert joined == {
        "secrets": set(),
        "migrate": {"data"},
        "db": {"data"},
        "gate": {"data", "bucket"},
        "backup": {"data"},
        "restore": {"data"},
        "redis": {"data"},
        "app": {"front", "data"},
        "worker": {"data", "outgoing"},
        "proxy": {"edge", "front", "automation"},
        "automation": {"data"},
        "n8n-setup": {"data", "automation"},
        "n8n": {"data", "automation", "n8n"},
    }


@every_lasting_service
def test_d_14_a_service_has_time_to_end_its_work(name):
    assert seconds(SERVICES[name]["stop_grace_period"]) >= 30


def test_d_14_the_app_has_time_to_leave_for_30_seconds_and_to_end_its_requests_within_30():
    assert seconds(SERVICES["app"]["stop_grace_period"]) == 75


def test_d_14_the_database_ends_sessions_instead_of_waiting_for_them():
    assert SERVICES["db"]["stop_signal"] == "SIGINT"
    assert seconds(SERVICES["db"]["stop_grace_period"]) == 60


@every_lasting_service
def test_d_15_who_falls_gets_up_again(name):
    assert SERVICES[name]["restart"] == "unless-stopped"


@every_dockerfile
def test_d_16_images_copy_from_here_and_start_programs_without_a_shell(name):
    text = DOCKERFILES[name]

    assert re.findall(r"^ADD ", text, re.MULTILINE) == []
    assert re.findall(r"^(?:CMD|ENTRYPOINT) (?!\[)|^HEALTHCHECK .*CMD (?!\[)", text, re.MULTILINE) == []
    assert re.search(r"^HEALTHCHECK ", text, re.MULTILINE)


def test_d_16_the_product_s_image_installs_what_is_pinned_and_cannot_install_more():
    libraries, product = DOCKERFILES["app"].split("\nFROM ")[1:]

    assert "--require-hashes" in libraries
    assert "pip install" not in product
    assert "rm -rf /usr/local/lib/python3.13/site-packages/pip* " in product
    assert "-perm /6000 -exec chmod a-s" in product


def test_h_16_no_secret_stands_in_the_environment():
    sensitive = re.compile(r"PASSWORD|SECRET|TOKEN|SMTP_URL|DATABASE_URL")
    named = {
        f"{name}: {variable}"
        for name, service in SERVICES.items()
        for variable in service.get("environment", {})
        if sensitive.search(variable) and not variable.endswith("_FILE")
    }

    assert named == set()


def test_h_16_each_service_reads_its_own_secrets_and_no_others():
    readers = {
        source: [(name, path, is_fixed)]
        for name, service in SERVICES.items()
        for source, path, is_fixed in mounts(service)
        if source.startswith("secrets-") and name != "secrets" and (name, source, path) not in ALSO_READ
    }
    count = sum(source.startswith("secrets-") for name in SERVICES for source, _, _ in mounts(SERVICES[name]))
    count -= len(ALSO_READ)

    assert readers == {f"secrets-{name}": [(name, "/run/secrets", True)] for name in USERS_OF_SECRETS}
    assert count == 2 * len(readers)  # each once by who makes it, once by who reads it


def test_the_secrets_are_made_where_the_services_find_them():
    made = {path: source for source, path, _ in mounts(SERVICES["secrets"]) if source.startswith("secrets-")}

    assert made == {f"/secrets/{name}": f"secrets-{name}" for name in USERS_OF_SECRETS}


@pytest.mark.parametrize("name", USERS_OF_SECRETS)
def test_the_secrets_belong_to_the_user_that_the_service_runs_as(name):
    user = USERS_OF_SECRETS[name]

    assert user_of(SERVICES[name]) == f"{user}:{user}"


def test_n_02_n8n_tells_nobody_anything_and_offers_only_what_our_workflows_need():
    environment = SERVICES["n8n"]["environment"]
    excluded = json.loads(environment["NODES_EXCLUDE"])
    switched_off = {
        "N8N_DIAGNOSTICS_ENABLED",
        "N8N_VERSION_NOTIFICATIONS_ENABLED",
        "N8N_TEMPLATES_ENABLED",
        "N8N_COMMUNITY_PACKAGES_ENABLED",
        "N8N_PERSONALIZATION_ENABLED",
        "N8N_HIRING_BANNER_ENABLED",
    }

    assert {environment[name] for name in switched_off} == {"false"}
    assert {environment[name] for name in ("N8N_PUBLIC_API_DISABLED", "N8N_PUBLIC_API_SWAGGERUI_DISABLED")} == {"true"}
    assert environment["N8N_BLOCK_ENV_ACCESS_IN_NODE"] == environment["N8N_SECURE_COOKIE"] == "true"
    assert environment["N8N_DIAGNOSTICS_CONFIG_FRONTEND"] == environment["N8N_DIAGNOSTICS_CONFIG_BACKEND"] == ""
    assert {f"n8n-nodes-base.{name}" for name in ("executeCommand", "readWriteFile", "ssh", "code")} <= set(excluded)


def test_n8n_s_setup_has_the_same_settings_and_never_runs_beside_a_second_n8n():
    assert SERVICES["n8n-setup"]["environment"] == SERVICES["n8n"]["environment"]
    assert SERVICES["n8n-setup"]["image"] == SERVICES["n8n"]["image"]
    assert "deploy" not in SERVICES["n8n"]


def test_memory_that_runs_out_takes_n8n_before_all_others():
    scores = {name: service.get("oom_score_adj", 0) for name, service in SERVICES.items()}

    assert max(scores, key=scores.get) in {"n8n", "n8n-setup"}
    assert scores["n8n"] > scores["worker"] > scores["app"] > scores["db"]


def test_the_heap_of_n8n_leaves_room_for_the_rest_of_its_process():
    heap = int(re.search(r":-(\d+)\}", SERVICES["n8n"]["environment"]["NODE_OPTIONS"])[1])

    assert heap <= megabytes(SERVICES["n8n"]["mem_limit"]) * 0.75


def test_redis_keeps_what_it_was_told_and_forgets_nothing_to_make_room():
    options = dict(option.removeprefix("--").split(" ") for option in SERVICES["redis"]["command"][1:])

    assert options["appendonly"] == "yes"
    assert options["maxmemory-policy"] == "noeviction"
    assert int(options["maxmemory"].removesuffix("mb")) <= megabytes(SERVICES["redis"]["mem_limit"]) / 2
    assert ("redis", "/data", False) in mounts(SERVICES["redis"])


def test_who_may_use_redis_stands_in_a_secret_and_no_password_in_its_command():
    assert "--aclfile /run/secrets/users.acl" in SERVICES["redis"]["command"]
    assert not re.search("requirepass|masterauth|--user", " ".join(SERVICES["redis"]["command"]))


def test_the_address_of_redis_is_read_only_where_that_is_said():
    assert {SERVICES[name]["environment"]["REDIS_URL_FILE"] for name in ("app", "worker")} == {"${REDIS_URL_FILE:-}"}


def test_the_app_can_run_twice_beside_itself():
    assert not SERVICES["app"].keys() & {"container_name", "ports"}


def test_the_app_believes_the_proxy_s_network_about_addresses_and_nobody_else():
    (subnet,) = STACK["networks"]["front"]["ipam"]["config"]

    assert SERVICES["app"]["environment"]["TRUSTED_PROXIES"] == subnet["subnet"]


OF_SEVERAL_COPIES = {  # the stack is one, whose files are in a folder: restoring and moving it take them from there
    "FILES_URL",
    "FILES_ENDPOINT",
    "FILES_REGION",
    "FILES_ACCESS_KEY_ID",
    "FILES_SECRET_ACCESS_KEY",
}


def test_every_setting_reaches_the_app_or_is_the_image_s_own():
    named = set(re.findall(r"^([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    environments = [SERVICES[name]["environment"] for name in ("app", "backup", "restore")]
    given = {name.removesuffix("_FILE") for environment in environments for name in environment}
    given |= {name for environment in environments for name in environment if name in named}  # of which it is a path
    of_images = "".join(DOCKERFILES[name].split("\nENV ")[1].split("\nUSER")[0] for name in ("app", "stack/backup"))
    by_the_images = set(re.findall(r"\b([A-Z_]+)=", of_images))

    assert {name.removesuffix("_FILE") for name in SERVICES["app"]["environment"]} <= named
    assert named - given - OF_SEVERAL_COPIES <= by_the_images


def test_what_is_left_out_has_the_app_s_own_default():
    given = SERVICES["app"]["environment"]
    passed_on = {name: value for name, value in given.items() if value == f"${{{name}:-}}"}

    assert given.keys() - passed_on.keys() == {
        "PUBLIC_URL",
        "TRUSTED_PROXIES",
        "AUTOMATION_SUBNET",
        "DATABASE_URL_FILE",
        "SECRET_KEY_FILE",
        "SECRET_KEYS_BEFORE_FILE",
        "SMTP_URL_FILE",
        "INBOX_DIR",
    }


def test_the_inbox_folder_is_the_worker_s_alone():
    places = {name: [target for _, target, _ in mounts(service)] for name, service in SERVICES.items()}

    assert SERVICES["worker"]["environment"]["INBOX_DIR"] == "/inbox"
    assert [name for name, targets in places.items() if "/inbox" in targets] == ["worker"]


def test_every_setting_of_the_stack_is_explained_and_has_a_default():
    read = dict(re.findall(r"\$\{(\w+)(:-[^}]*)?\}", (ROOT / "docker-compose.yml").read_text()))
    explained = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert read.keys() <= explained
    assert all(default.startswith(":-") for default in read.values())


def test_a_worker_that_takes_all_it_may_is_not_killed_for_it(tmp_path):
    settings = AppSettings.from_environment({"DATA_DIR": str(tmp_path)})
    own, of_its_child = settings.worker_max_memory_megabytes, settings.workbook_max_memory_megabytes

    assert own + of_its_child <= megabytes(SERVICES["worker"]["mem_limit"])


GUIDE = ["!docs/user-guide.md", "!docs/importing.md", "!docs/excel.md", "!docs/glossary.md"]


def test_nothing_but_the_product_gets_into_its_image():
    kept = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]

    assert kept[0] == "*"
    assert [line for line in kept if line.startswith("!")] == ["!app", *GUIDE, "!requirements/app.txt"]
