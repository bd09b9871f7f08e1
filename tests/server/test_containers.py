"""The containers: each is held to what it needs."""

import json
import re

import pytest

MOUNTABLE = (
    "/opt/invoices/",
    "/var/lib/docker/volumes/",
    "/srv/inbox",
    "/var/lib/invoices/backups",
    "/var/lib/invoices/reports",
)
_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|PRIVATE|CREDENTIAL|DATABASE_URL|SMTP_URL")


def _those(containers, fits):
    return sorted(name for name, each in containers.items() if fits(each))


def _networks_that_lead_out(server, containers, service):
    joined = [
        each["NetworkSettings"]["Networks"] for name, each in containers.items() if name.startswith(f"{service} ")
    ]
    names = sorted({name for networks in joined for name in networks})
    found = json.loads(server.check_output("docker network inspect " + " ".join(names)))
    return [network["Name"] for network in found if not network["Internal"]]


def _tag(image):
    return image.rpartition("/")[2].partition(":")[2]


def test_D01_none_runs_as_root(containers):
    assert _those(containers, lambda each: each["Config"]["User"].split(":")[0] in {"", "root", "0"}) == []


def test_D17_the_app_is_of_the_release_that_serves(containers, server):
    current = server.file("/opt/invoices/current")
    if not current.exists:
        pytest.skip("nothing is deployed yet: `fab deploy`")
    revisions = {
        each["Config"]["Labels"].get("org.opencontainers.image.revision")
        for name, each in containers.items()
        if name.split()[0] in {"app", "worker"}
    }
    assert revisions == {current.linked_to.rpartition("/")[2]}


def test_D02_none_has_a_capability(containers):
    assert _those(containers, lambda each: each["HostConfig"]["CapDrop"] != ["ALL"]) == []
    assert _those(containers, lambda each: each["HostConfig"]["CapAdd"]) == []


def test_D03_none_gains_privileges(containers):
    def may(each):
        return not {"no-new-privileges", "no-new-privileges:true"} & set(each["HostConfig"]["SecurityOpt"] or [])

    assert _those(containers, may) == []


def test_D04_none_writes_to_its_own_files(containers):
    assert _those(containers, lambda each: not each["HostConfig"]["ReadonlyRootfs"]) == []


def test_D05_each_has_a_share_of_memory_processor_and_processes(containers, server, container):
    if container and not json.loads(server.check_output("docker info --format '{{json .MemoryLimit}}'")):
        pytest.skip(f"not in a container ({container}): its kernel gives no shares to containers inside it")

    def unlimited(each):
        limits = each["HostConfig"]
        return not (limits["Memory"] and (limits["NanoCpus"] or limits["CpuQuota"]) and (limits["PidsLimit"] or 0) > 0)

    assert _those(containers, unlimited) == []


def test_D06_no_service_is_missing(containers):
    assert sorted({"app", "db", "proxy", "worker"} - {name.split()[0] for name in containers}) == []


def test_D06_each_is_healthy(containers):
    assert _those(containers, lambda each: each["State"].get("Health", {}).get("Status") != "healthy") == []


def test_D06_none_was_killed_for_its_memory(containers):
    assert _those(containers, lambda each: each["State"]["OOMKilled"]) == []


def test_D07_each_log_is_rotated(containers):
    def grows(each):
        log = each["HostConfig"]["LogConfig"]
        return log["Type"] != "local" or not log["Config"].get("max-size")

    assert _those(containers, grows) == []


def test_D08_none_reaches_out_of_its_container(all_containers):
    everybody = {each["Name"]: each for each in all_containers}

    def reaches_out(each):
        modes = [each["HostConfig"][name] for name in ("NetworkMode", "PidMode", "IpcMode", "UTSMode", "UsernsMode")]
        return each["HostConfig"]["Privileged"] or each["HostConfig"]["Devices"] or "host" in modes

    assert _those(everybody, reaches_out) == []


def test_D08_none_has_more_of_the_host_than_its_own_folders(all_containers):
    sources = {mount["Source"] for each in all_containers for mount in each["Mounts"] if mount["Type"] == "bind"}

    assert sorted(source for source in sources if not source.startswith(MOUNTABLE)) == []


def test_D09_every_image_has_a_version(containers):
    assert _those(containers, lambda each: _tag(each["Config"]["Image"]) in {"", "latest", "dev"}) == []


def test_D10_only_the_proxy_publishes_ports(containers):
    publishing = {
        name.split()[0]: set(each["HostConfig"]["PortBindings"])
        for name, each in containers.items()
        if each["HostConfig"]["PortBindings"]
    }

    assert publishing == {"proxy": {"80/tcp", "443/tcp", "443/udp"}}


def test_D10_the_proxy_is_reached_by_ipv6_where_the_server_is(containers, server, facts):
    """Without a userland proxy, a port is published on IPv6 only for a network that has it."""
    if not facts["ipv6_address"]:
        pytest.skip("the server has no IPv6 address")
    proxy = next(each for name, each in containers.items() if name.startswith("proxy "))

    assert [name for name, joined in proxy["NetworkSettings"]["Networks"].items() if joined["GlobalIPv6Address"]] != []


def test_D11_the_database_has_no_way_out(containers, server):
    assert _networks_that_lead_out(server, containers, "db") == []


def test_D11_the_app_has_no_way_out(containers, server):
    assert _networks_that_lead_out(server, containers, "app") == []


def test_D15_each_comes_back_by_itself(containers):
    assert _those(containers, lambda each: each["HostConfig"]["RestartPolicy"]["Name"] != "unless-stopped") == []


def test_D16_none_is_without_the_filter_of_system_calls(all_containers):
    everybody = {each["Name"]: each for each in all_containers}

    assert _those(everybody, lambda each: "unconfined" in str(each["HostConfig"]["SecurityOpt"])) == []


def test_H16_no_secret_stands_in_an_environment(all_containers):
    found = {
        f"{each['Name']} {variable.split('=')[0]}"
        for each in all_containers
        for variable in each["Config"]["Env"]
        if _SECRET.search(variable.split("=")[0]) and not re.search(r"_FILE=|=$", variable)
    }

    assert found == set()


def test_H16_no_secret_is_readable_for_anybody_else(lines_of):
    found = lines_of(
        "find /var/lib/docker/volumes -path '*_secrets-*/_data/*' -type f ! -perm 0400 -printf '%%p %%m\\n'"
    )

    assert found == []
