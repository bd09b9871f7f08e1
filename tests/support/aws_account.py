"""An AWS account that lives in a file: what a resource provider asks for, with Lightsail's own semantics.

Sources of the semantics: Lightsail's API reference (PutInstancePublicPorts sets the whole set, CloseInstancePublicPorts
closes the ports of a set, DetachStaticIp takes the name of the address and no instance) and what replacing does to them
in terraform-provider-aws (issue 10143) and pulumi-aws (issue 1511).
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from support.aws_rights import needs

# What no description says, and only an account can; docs/first-account.md says how to see each.
GUESSES = {
    "ports-left-out": "A family of a port's networks that is left out is open to everybody.",
    "ports-ipv4": "A server without IPv6 takes networks of IPv6 for its ports.",
    "rights": "The provider calls what tests/support/aws_rights.py names, and no more.",
    "names": "Names of IAM and of budgets are the account's, all others the region's.",
    "key-kinds": "Lightsail takes a key of the kind ssh-ed25519.",
    "ipv6-at-once": "A server has its IPv6 address as soon as it is made.",
    "allow-overwrite": "A record that is there already is taken over where that is allowed, and refused elsewhere.",
    "cluster-replaces": "Of a cluster, what tests/support/pulumi_resource_aws.py lists is replaced, and nothing else.",
    "attached-elsewhere": "A static address that is attached to another server moves to the one that asks for it.",
}
_EVERYBODY = {"cidrs": ["0.0.0.0/0"], "ipv6Cidrs": ["::/0"]}
# What AWS opens on a new instance until it is told otherwise.
_OPEN_AT_FIRST = [{"fromPort": port, "toPort": port, "protocol": "tcp", **_EVERYBODY} for port in (22, 80)]
INSTANCE = "aws:lightsail/instance:Instance"
STATIC_IP = "aws:lightsail/staticIp:StaticIp"
ATTACHMENT = "aws:lightsail/staticIpAttachment:StaticIpAttachment"
PORTS = "aws:lightsail/instancePublicPorts:InstancePublicPorts"
_RECORD = "aws:route53/record:Record"
_NAMED = {
    "aws:iam/group:Group", "aws:iam/role:Role", "aws:iam/user:User", "aws:budgets/budget:Budget", "aws:sns/topic:Topic",
    "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/logGroup:LogGroup", "aws:secretsmanager/secret:Secret",
    "aws:lightsail/keyPair:KeyPair", "aws:lightsail/instance:Instance", "aws:lightsail/staticIp:StaticIp",
    "aws:ecs/cluster:Cluster", "aws:ecs/service:Service", "aws:ecr/repository:Repository",
    "aws:lb/targetGroup:TargetGroup", "aws:lb/loadBalancer:LoadBalancer", "aws:rds/parameterGroup:ParameterGroup",
    "aws:rds/subnetGroup:SubnetGroup", "aws:ec2/securityGroup:SecurityGroup", "aws:scheduler/schedule:Schedule",
}  # fmt: skip
_OF_THE_ACCOUNT = ("aws:iam/", "aws:budgets/")  # whose names no other region may have either
_BOUNDED = ("aws:iam/user:User ", "aws:iam/role:Role ")
BUCKET = "aws:s3/bucket:Bucket"
DATABASE = "aws:rds/instance:Instance"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
_CERTIFICATE = "aws:acm/certificate:Certificate"


class RefusedError(Exception):
    """AWS says no; the message is its answer."""


@dataclass
class Instance:
    """A Lightsail instance: what it was made from, its open ports, and the name of the address attached to it."""

    inputs: dict[str, Any]
    ports: list[dict[str, Any]] = field(default_factory=lambda: list(_OPEN_AT_FIRST))
    static_ip: str = ""


@dataclass
class Account:
    """Everything that was rented, and in which order it was asked for."""

    instances: dict[str, Instance] = field(default_factory=dict)
    static_ips: dict[str, str] = field(default_factory=dict)
    others: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    made: int = 0
    names: dict[str, str] = field(default_factory=dict)  # what each name of the account, or of a region, belongs to
    needed: list[dict[str, str]] = field(default_factory=list)  # rights of IAM, as far as they were used
    next_static_ips: list[str] = field(default_factory=list)  # given out first, such as that of a test instance

    @classmethod
    def load(cls, path: Path) -> "Account":
        """Return the account as it was left, an empty one where there is none yet."""
        if not path.exists():
            return cls()
        kept = json.loads(path.read_text())
        kept["instances"] = {name: Instance(**instance) for name, instance in kept["instances"].items()}
        return cls(**kept)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1))

    def create(
        self, kind: str, name: str, said: dict[str, Any], region: str = "us-east-1"
    ) -> tuple[str, dict[str, Any]]:
        """Rent it and return its id and its properties."""
        self.made += 1
        inputs = self._named(kind, name, _without_empty_lists(said))
        claimed = _claim(kind, inputs, inputs.get("region") or region)
        if claimed in self.names and not inputs.get("allowOverwrite"):
            raise RefusedError(f"Some names are already in use: {claimed}")
        self._use("create", kind, inputs, region)
        self._use("read", kind, inputs, region)
        id_, found = self._create(kind, name, inputs)
        if claimed:
            self.names[claimed] = f"{kind} {id_}"
        return id_, found

    def _use(self, verb: str, kind: str, inputs: dict[str, Any], region: str) -> None:
        bounded = (found for name, found in self.others.items() if name.startswith(_BOUNDED))
        whose = inputs.get("user") or inputs.get("role")
        bearer = next((one for one in bounded if one["name"] == whose), inputs)
        for need in map(asdict, needs(kind, verb, inputs, region, bearer.get("permissionsBoundary") or "")):
            if need not in self.needed:
                self.needed.append(need)

    def _named(self, kind: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return the inputs with a name, which Pulumi makes of the resource's, or AWS's provider of a prefix."""
        if "name" in inputs or kind not in _NAMED:
            return inputs
        return {**inputs, "name": f"{inputs.get('namePrefix', f'{name}-')}{self.made:07x}"}

    def _create(self, kind: str, name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if kind == INSTANCE:
            self.instances[inputs["name"]] = Instance(inputs)
            return inputs["name"], self.properties(kind, inputs["name"], inputs) or {}
        if kind == STATIC_IP:
            prepared = self.next_static_ips.pop(0) if self.next_static_ips else f"198.51.100.{self.made}"
            self.static_ips[inputs["name"]] = prepared
            return inputs["name"], self.properties(kind, inputs["name"], inputs) or {}
        if kind == ATTACHMENT:
            self._attach(inputs["staticIpName"], self._instance(inputs["instanceName"]))
            return inputs["staticIpName"], self.properties(kind, inputs["staticIpName"], inputs) or {}
        if kind == PORTS:
            self._instance(inputs["instanceName"]).ports = [{**_EVERYBODY, **port} for port in inputs["portInfos"]]
            return f"{inputs['instanceName']}-{self.made}", dict(inputs)
        found = {**inputs, **self._answers(kind, inputs)}
        id_ = found.get("bucket") if kind == BUCKET else f"{name}-{self.made}"
        self.others[f"{kind} {id_}"] = found
        return str(id_), found

    def properties(self, kind: str, id_: str, before: dict[str, Any]) -> dict[str, Any] | None:
        """Return what it is now, None where it is gone."""
        if kind == INSTANCE:
            instance = self.instances.get(id_)
            return {**instance.inputs, **_addresses(instance)} if instance else None
        if kind == STATIC_IP:
            return {**before, "ipAddress": self.static_ips[id_]} if id_ in self.static_ips else None
        if kind == ATTACHMENT:
            at = next((name for name, one in self.instances.items() if one.static_ip == id_), None)
            return {**before, "instanceName": at, "ipAddress": self.static_ips[id_]} if at else None
        if kind == PORTS:
            instance = self.instances.get(before["instanceName"])
            return {**before, "portInfos": instance.ports} if instance else None
        return self.others.get(f"{kind} {id_}")

    def update(self, kind: str, id_: str, said: dict[str, Any], region: str = "us-east-1") -> dict[str, Any]:
        inputs = _without_empty_lists(said)
        self._use("update", kind, {**self.others.get(f"{kind} {id_}", {}), **inputs}, region)
        if kind == INSTANCE:
            self._instance(id_).inputs = inputs
        elif f"{kind} {id_}" in self.others:
            self.others[f"{kind} {id_}"] |= inputs
        return self.properties(kind, id_, inputs) or {}

    def delete(self, kind: str, id_: str, before: dict[str, Any], region: str = "us-east-1") -> None:
        self._refuse_to_delete(kind, self.others.get(f"{kind} {id_}", before))
        self._use("delete", kind, before, region)
        self.names = {name: owner for name, owner in self.names.items() if owner != f"{kind} {id_}"}
        if kind == INSTANCE:  # with it go its ports, its attachment and its snapshots
            self.instances.pop(id_, None)
        elif kind == STATIC_IP:
            self.static_ips.pop(id_, None)
        elif kind == ATTACHMENT:
            for instance in self.instances.values():  # whichever has it by now: the API is told no instance
                if instance.static_ip == id_:
                    instance.static_ip = ""
        elif kind == TASK_DEFINITION and before.get("skipDestroy"):
            return  # the revision stays, for whoever goes back to it
        elif kind == PORTS:
            if before["instanceName"] in self.instances:
                instance = self.instances[before["instanceName"]]
                closed = [_range(port) for port in before["portInfos"]]
                instance.ports = [port for port in instance.ports if _range(port) not in closed]
        else:
            self.others.pop(f"{kind} {id_}", None)

    def _refuse_to_delete(self, kind: str, found: dict[str, Any]) -> None:
        if kind == DATABASE and found.get("deletionProtection"):
            raise RefusedError(f"Cannot delete protected DB Instance: {found['identifier']}")
        if kind == BALANCER and found.get("enableDeletionProtection"):
            raise RefusedError(
                f"Load balancer '{found['arn']}' cannot be deleted because deletion protection is enabled"
            )
        used = [action.get("targetGroupArn") for action in _actions(self._of(LISTENER))]
        if kind == TARGET_GROUP and found["arn"] in used:
            raise RefusedError(f"Target group '{found['arn']}' is currently in use by a listener or a rule")

    def _instance(self, name: str) -> Instance:
        if name not in self.instances:
            raise RefusedError(f"The Instance does not exist: {name}")
        return self.instances[name]

    def _attach(self, static_ip: str, to: Instance) -> None:
        if static_ip not in self.static_ips:
            raise RefusedError(f"The StaticIp does not exist: {static_ip}")
        for instance in self.instances.values():
            if instance.static_ip == static_ip:
                instance.static_ip = ""
        to.static_ip = static_ip

    def _answers(self, kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return what AWS adds of its own, as far as the program goes on with it."""
        service = kind.split(":")[1].split("/", maxsplit=1)[0]
        name = inputs.get("name") or f"{inputs.get('bucketPrefix', '')}{self.made}"
        added: dict[str, Any] = {"arn": f"arn:aws:{service}:us-east-1:123456789012:{name}"}
        if kind == BUCKET:
            added |= {"bucket": name, "arn": f"arn:aws:s3:::{name}"}
        if kind == "aws:iam/accessKey:AccessKey":
            added["secret"] = f"secret-half-{self.made}"
        return added | self._answers_of_a_cluster(kind, inputs)

    def _answers_of_a_cluster(self, kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
        if kind == DATABASE:
            secret = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-{self.made}"
            host = f"{inputs['identifier']}.1.us-east-1.rds.amazonaws.com"
            return {"address": host, "masterUserSecrets": [{"secretArn": secret}]}
        if kind == _CERTIFICATE:
            names = [inputs["domainName"], *inputs.get("subjectAlternativeNames", [])]
            return {"status": "PENDING_VALIDATION", "domainValidationOptions": [_proof(name) for name in names]}
        if kind == BALANCER:
            name = f"{inputs['name']}-1.us-east-1.elb.amazonaws.com"
            return {"dnsName": name, "zoneId": "ZELB", "arnSuffix": f"app/{inputs['name']}/{self.made}"}
        if kind == TARGET_GROUP:
            return {"arnSuffix": f"targetgroup/{inputs['name']}/{self.made}"}
        if kind == TASK_DEFINITION:
            family = inputs["family"]
            revision = 1 + len([one for one in self._of(TASK_DEFINITION) if one["family"] == family])
            return {
                "arn": f"arn:aws:ecs:us-east-1:123456789012:task-definition/{family}:{revision}",
                "revision": revision,
            }
        if kind == "aws:cloudfront/distribution:Distribution":
            return {"domainName": f"d{self.made}.cloudfront.net", "hostedZoneId": "Z2FDTNDATAQYW2"}
        if kind == "aws:ecr/repository:Repository":
            return {"repositoryUrl": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{inputs['name']}"}
        return {"fqdn": inputs["name"]} if kind == _RECORD else {}

    def _of(self, kind: str) -> list[dict[str, Any]]:
        return [one for name, one in self.others.items() if name.startswith(f"{kind} ")]


def _without_empty_lists(said: Any) -> Any:
    """Return what reaches AWS: terraform-provider-aws leaves an empty list out, of any resource and at any depth."""
    if isinstance(said, dict):
        return {key: _without_empty_lists(value) for key, value in said.items() if value != []}
    return [_without_empty_lists(one) for one in said] if isinstance(said, list) else said


def _actions(listeners: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [action for one in listeners for action in one["defaultActions"]]


def _proof(name: str) -> dict[str, str]:
    return {"domainName": name, "resourceRecordName": f"_proof.{name}.", "resourceRecordValue": "_1.acm.aws."}


def _claim(kind: str, inputs: dict[str, Any], region: str) -> str:
    """Return what nobody else of the account may be called, empty where names may be equal."""
    if kind == _RECORD:
        return f"{inputs['zoneId']} {inputs['type']} {inputs['name']}"
    if kind == DATABASE:
        return f"{region} {kind} {inputs['identifier']}"
    if kind not in _NAMED:
        return ""
    return f"{'account' if kind.startswith(_OF_THE_ACCOUNT) else region} {kind} {inputs['name']}"


def _addresses(instance: Instance) -> dict[str, Any]:
    has_ipv6 = instance.inputs.get("ipAddressType") == "dualstack"
    return {"ipv6Addresses": ["2001:db8::9"] if has_ipv6 else [], "publicIpAddress": "192.0.2.1", "username": "ubuntu"}


def _range(port: dict[str, Any]) -> tuple[Any, ...]:
    return port["protocol"], port["fromPort"], port["toPort"]
