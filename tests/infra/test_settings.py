"""Every mistake in the configuration is said in words, all of them at once, before anything is rented."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.pulumi_stack import CONFIG, REGION

from infra.settings import LOGIN_USERS, InfraSettings, InfraSettingsError
from provisioning import machine

ECDSA = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYm"
    "MKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU= ann"
)


def mistakes(**changes):
    with pytest.raises(InfraSettingsError) as error:
        InfraSettings.read({**CONFIG, **changes}, REGION)
    return error.value.mistakes


def test_what_is_not_said_has_a_default():
    settings = InfraSettings.read(CONFIG, REGION)

    assert (settings.server_name, settings.bundle, settings.blueprint) == (
        "invoices", "medium_3_0", "ubuntu_24_04",
    )  # fmt: skip
    assert (settings.availability_zone, settings.addresses) == ("us-east-1a", "dualstack")
    assert (settings.dns, settings.monitoring, settings.secrets) == ("external", "basic", "server")
    assert (settings.backups, settings.backup_lock_mode, settings.backup_lock_days) == (True, "GOVERNANCE", 30)
    assert (settings.monthly_budget, settings.key_number) == (50, 1)


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"domain": ""}, "domain: it is missing; HTTPS needs a name, such as invoices.example.com."),
        (
            {"domain": "Invoices"},
            "domain: 'Invoices' is not a domain name in small letters, such as invoices.example.com.",
        ),
        ({"sshCidrs": []}, "sshCidrs: it is missing; name the networks you work from, such as 203.0.113.7/32."),
        ({"sshCidrs": ["0.0.0.0/0"]}, "sshCidrs: '0.0.0.0/0' is everybody; name the networks you work from."),
        ({"sshCidrs": ["::/0"]}, "sshCidrs: '::/0' is everybody; name the networks you work from."),
        (
            {"sshCidrs": ["203.0.113.7/24"]},
            "sshCidrs: '203.0.113.7/24' is not a network, such as 203.0.113.7/32 (203.0.113.7/24 has host bits set).",
        ),
        ({"sshPublicKey": ""}, "sshPublicKey: it is missing; the line of ~/.ssh/id_ed25519.pub."),
        ({"sshPublicKey": "ssh-ed25519 !!"}, "sshPublicKey: this is not a public SSH key: 'ssh-ed25519 !!'."),
        (
            {"sshPublicKey": "-----BEGIN OPENSSH PRIVATE KEY-----"},
            "sshPublicKey: this is a private key, which must never leave your machine; the public one ends in .pub.",
        ),
        (
            {"availabilityZone": "eu-central-1a"},
            "availabilityZone: 'eu-central-1a' is not a zone of the region us-east-1, such as us-east-1a.",
        ),
        (
            {"sshPublicKey": "ssh-ed25519 AAAAdGVzdA=="},
            "sshPublicKey: this is not a public SSH key: 'ssh-ed25519 AAAAdGVzdA=='.",
        ),
        (
            {"sshPublicKey": ECDSA},
            "sshPublicKey: Lightsail takes no key of the kind ecdsa-sha2-nistp256; `ssh-keygen -t ed25519` makes one "
            "that it takes.",
        ),
        ({"bundle": "Medium"}, "bundle: 'Medium' is not the name of a bundle, such as medium_3_0."),
        ({"bundle": "nano_2_1"}, "bundle: 'nano_2_1' has 0.5 GB of memory, and the stack takes 2."),
        (
            {"permissionsBoundary": "mine"},
            "permissionsBoundary: 'mine' is not the ARN of an IAM policy.",
        ),
        ({"bundle": "micro_3_0"}, "bundle: 'micro_3_0' has 1 GB of memory, and the stack takes 2."),
        (
            {"blueprint": "windows"},
            "blueprint: it must be 'ubuntu_24_04', 'ubuntu_22_04' or 'debian_13', not 'windows'.",
        ),
        ({"addresses": "ipv6"}, "addresses: it must be 'dualstack' or 'ipv4', not 'ipv6'."),
        ({"rebootTime": "24:00"}, "rebootTime: '24:00' is not a time of day, such as 03:30."),
        ({"mailServer": "10.0.0.5"}, "mailServer: '10.0.0.5' is not an address and a port, such as 10.0.0.5:2525."),
        ({"snapshotTime": "06:30"}, "snapshotTime: '06:30' is not a full hour, such as 06:00."),
        (
            {"serverName": "-"},
            "serverName: '-' is not 3 to 42 small letters, digits and dashes that begin with a letter.",
        ),
        ({"dns": "route53"}, "dnsZone: it is missing; route53 needs the zone that the domain belongs to."),
        (
            {"dns": "lightsail", "dnsZone": "example.org"},
            "domain: 'invoices.example.com' does not belong to the zone 'example.org' of dnsZone.",
        ),
        (
            {"alertEmail": ""},
            "alertEmail: it is missing; alarms need somebody to be sent to, or set monitoring to off.",
        ),
        ({"alertEmail": "you"}, "alertEmail: 'you' is not an e-mail address."),
        ({"backups": "perhaps"}, "backups: 'perhaps' is neither true nor false."),
        ({"backupLockMode": "NONE"}, "backupLockMode: it must be 'GOVERNANCE' or 'COMPLIANCE', not 'NONE'."),
        ({"backupLockDays": "0"}, "backupLockDays: it must be at least 1, not 0."),
        ({"backupLockDays": 3651}, "backupLockDays: it must be at most 3650, not 3651."),
        ({"retiredKeyNumber": "1"}, "retiredKeyNumber: it must be below keyNumber, 1, whose keys are in use."),
        ({"keyNumber": "3"}, "retiredKeyNumber: it must be at least 1: AWS lets a user have 2 keys."),
        ({"monthlyBudget": "much"}, "monthlyBudget: 'much' is not a whole number."),
        ({"shape": "ring"}, "shape: it must be 'server', 'both' or 'cluster', not 'ring'."),
        (
            {"clusterZones": ["us-east-1a", "eu-west-1b"]},
            "clusterZones: 'eu-west-1b' is not a zone of the region us-east-1, such as us-east-1a.",
        ),
        (
            {"clusterZones": ["us-east-1a"]},
            "clusterZones: it must name 2 zones, such as us-east-1a and us-east-1b.",
        ),
        (
            {"shape": "cluster", "serverName": "in--voices"},
            "serverName: 'in--voices' has two dashes in a row, which AWS takes for no database.",
        ),
        (
            {"shape": "cluster", "dns": "lightsail", "dnsZone": "example.com"},
            "dns: lightsail answers for a server only; set it to route53 or external for the shape cluster.",
        ),
        ({"clusterSize": "huge"}, "clusterSize: it must be 'small', 'medium' or 'large', not 'huge'."),
        ({"cdn": "cloudfront"}, "cdn: CloudFront stands before a cluster only; set cdn to off for the shape server."),
        ({"cdn": "fastly", "shape": "cluster"}, "cdn: it must be 'off' or 'cloudfront', not 'fastly'."),
        ({"secrets": "vault"}, "secrets: it must be 'server' or 'secretsmanager', not 'vault'."),
    ],
)
def test_a_mistake_is_said_with_what_to_write_instead(changes, mistake):
    assert mistakes(**changes) == [mistake]


@pytest.mark.parametrize(
    "bundle", ["medium_3_1", "medium_3_2", "small_2_0", "2xlarge_3_0", "4xlarge_3_0", "m_xlarge_1_0", "large_4_0"]
)
def test_a_bundle_is_not_refused_for_a_price_that_was_not_noted(bundle):
    assert InfraSettings.read({**CONFIG, "bundle": bundle}, "sa-east-1").bundle == bundle


def test_an_rsa_key_is_taken_as_well():
    public = rsa.generate_private_key(65537, 2048).public_key()
    line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    assert InfraSettings.read({**CONFIG, "sshPublicKey": f"{line} ann"}, REGION).ssh_public_key == f"{line} ann"


@pytest.mark.parametrize(
    ("domain", "is_apex"), [("example.com", True), ("invoices.example.com", False), ("firm.example.co.uk", False)]
)
def test_a_domain_of_two_parts_is_a_zone_itself(domain, is_apex):
    assert InfraSettings.read({**CONFIG, "domain": domain}, REGION).is_apex is is_apex


def test_all_mistakes_are_said_at_once():
    found = mistakes(domain="", bundle="micro_3_0", sshCidrs=[], dns="route53", alertEmail="")

    assert [line.split(":")[0] for line in found] == ["bundle", "sshCidrs", "dnsZone", "domain", "alertEmail"]


def test_the_systems_that_can_be_rented_are_those_that_can_be_provisioned():
    provisioned = {f"{system}_{version.replace('.', '_')}" for system, version in machine.DOCKER_PACKAGES}

    assert set(LOGIN_USERS) == provisioned


def test_a_single_network_needs_no_list():
    assert InfraSettings.read({**CONFIG, "sshCidrs": "203.0.113.7/32"}, REGION).ssh_cidrs == ("203.0.113.7/32",)


def test_without_alarms_nobody_needs_to_be_told():
    assert InfraSettings.read({**CONFIG, "alertEmail": "", "monitoring": "off"}, REGION).alert_email == ""


def test_the_region_must_be_said():
    with pytest.raises(InfraSettingsError, match="aws:region: it is missing; such as us-east-1"):
        InfraSettings.read(CONFIG, "")


@pytest.mark.parametrize(("blueprint", "user"), [("ubuntu_22_04", "ubuntu"), ("debian_13", "admin")])
def test_each_blueprint_lets_in_a_user_of_its_own(blueprint, user):
    assert InfraSettings.read({**CONFIG, "blueprint": blueprint}, REGION).login_user == user


def test_automation_takes_a_bundle_with_room_for_it():
    assert mistakes(automation="true", bundle="small_3_0") == [
        "automation: it takes a bundle of 4 GB, and 'small_3_0' has 2 GB."
    ]
    assert InfraSettings.read({**CONFIG, "automation": "true"}, REGION).automation is True


@pytest.mark.parametrize("shape", ["both", "cluster"])
def test_n8n_is_for_a_server_only(shape):
    assert mistakes(automation="true", shape=shape) == [
        f"automation: n8n runs on a server only; set automation to false for the shape {shape}."
    ]


def test_a_cluster_needs_nothing_that_is_only_a_server_s():
    config = {"shape": "cluster", "domain": "invoices.example.com", "alertEmail": "you@example.com"}

    assert InfraSettings.read(config, REGION).shape == "cluster"


def test_the_zones_of_a_cluster_are_the_first_two_of_the_region_unless_it_says_others():
    zones = [InfraSettings.read({**CONFIG, "clusterZones": one}, "eu-west-1").cluster_zones for one in (
        [], ["eu-west-1c", "eu-west-1a"],
    )]  # fmt: skip

    assert zones == [("eu-west-1a", "eu-west-1b"), ("eu-west-1c", "eu-west-1a")]


def test_while_a_server_is_rented_too_the_cluster_answers_at_a_name_beside_it():
    domains = [InfraSettings.read({**CONFIG, "shape": shape}, REGION).cluster_domain for shape in ("both", "cluster")]

    assert domains == ["next.invoices.example.com", "invoices.example.com"]


def test_the_networks_of_the_editor_are_as_narrow_as_those_of_ssh():
    assert mistakes(automationNetworks=["0.0.0.0/0"]) == [
        "automationNetworks: '0.0.0.0/0' is everybody; name the networks you work from."
    ]
