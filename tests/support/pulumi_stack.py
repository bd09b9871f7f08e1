"""What the program rents, run against Pulumi's mocks: every resource with its inputs and its options."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import Mocks, rpc
from pulumi.runtime.mocks import MockMonitor

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGUtcHVibGljLWtleS1vZi10aGUtb3BlcmF0 operator"
CONFIG = {
    "sshPublicKey": KEY,
    "sshCidrs": ["203.0.113.7/32", "2001:db8::/48"],
    "domain": "invoices.example.com",
    "alertEmail": "you@example.com",
}
REGION = "us-east-1"
# What AWS answers with, which the program goes on with.
ANSWERS = {
    "aws:lightsail/staticIp:StaticIp": {"ipAddress": "198.51.100.9"},
    "aws:lightsail/instance:Instance": {"ipv6Addresses": ["2001:db8::9"]},
    "aws:s3/bucket:Bucket": {"arn": "arn:aws:s3:::invoices-backups-1", "bucket": "invoices-backups-1"},
    "aws:sns/topic:Topic": {"arn": "arn:aws:sns:us-east-1:1:invoices-alarms"},
    "aws:cloudwatch/logGroup:LogGroup": {"arn": "arn:aws:logs:us-east-1:1:log-group:/invoices/invoices"},
    "aws:iam/accessKey:AccessKey": {"secret": "the secret half"},
    "aws:cloudfront/distribution:Distribution": {"domainName": "d1.cloudfront.net", "hostedZoneId": "Z2FDTNDATAQYW2"},
    "aws:wafv2/webAcl:WebAcl": {"arn": "arn:aws:wafv2:us-east-1:1:global/webacl/invoices-cdn/1"},
    "aws:acm/certificate:Certificate": {
        "arn": "arn:aws:acm:us-east-1:1:certificate/1",
        "status": "PENDING_VALIDATION",
    },
    "aws:acm/certificateValidation:CertificateValidation": {"certificateArn": "arn:aws:acm:us-east-1:1:certificate/1"},
    "aws:lb/loadBalancer:LoadBalancer": {
        "dnsName": "balancer-1.elb.amazonaws.com",
        "zoneId": "ZELB",
        "arnSuffix": "app/b/1",
    },
    "aws:lb/targetGroup:TargetGroup": {"arnSuffix": "targetgroup/inv-1/3"},
    "aws:rds/instance:Instance": {
        "address": "invoices.1.us-east-1.rds.amazonaws.com",
        "masterUserSecrets": [{"secretArn": "arn:aws:secretsmanager:us-east-1:1:secret:rds!db-1"}],
    },
}
# What has an ARN that the program takes apart, or gives to a policy.
_ARNS = {
    "aws:ecs/cluster:Cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/{name}",
    "aws:ecs/taskDefinition:TaskDefinition": "arn:aws:ecs:us-east-1:123456789012:task-definition/{family}:1",
    "aws:ecr/repository:Repository": "arn:aws:ecr:us-east-1:123456789012:repository/{name}",
    "aws:iam/role:Role": "arn:aws:iam::123456789012:role/{name}",
    "aws:lb/loadBalancer:LoadBalancer": "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/b/1",
    "aws:lb/listener:Listener": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/b/1/2",
    "aws:lb/targetGroup:TargetGroup": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/inv-1/3",
}
CLUSTER = {"shape": "cluster", "dns": "route53", "dnsZone": "example.com", "monthlyBudget": "900"}


_NAMED_BY_PULUMI = {"aws:iam/user:User", "aws:iam/group:Group", "aws:iam/role:Role"}


@dataclass(frozen=True)
class Rented:
    """One resource: its type without the module, its name, its inputs as the engine is sent them, and its options."""

    kind: str
    name: str
    inputs: dict[str, Any]
    options: Any


@dataclass(frozen=True)
class Stack:
    resources: list[Rented] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    secret_outputs: set[str] = field(default_factory=set)

    def of(self, kind, name=None):
        """Return those that AWS has: components of ours may be of a kind with the same name."""
        found = [one for one in self.resources if one.options.custom and one.kind == kind and name in {None, one.name}]
        assert found, f"no {kind} {name or ''} among {sorted({one.kind for one in self.resources})}"
        # The engine is told of them in whatever order their inputs are known.
        return sorted(found, key=lambda one: one.name)

    def one(self, kind, name=None):
        (found,) = self.of(kind, name)
        return found

    def kinds(self):
        return {one.kind for one in self.resources}


def proof_of(name):
    """Return what ACM wants to be set for a name."""
    return {"domainName": name, "resourceRecordName": f"_proof.{name}.", "resourceRecordValue": "_1.acm.aws."}


class _Aws(Mocks):
    def new_resource(self, args):
        answer = ANSWERS.get(args.typ, {})
        if args.typ == "aws:secretsmanager/secret:Secret":
            answer = {"arn": f"arn:aws:secretsmanager:us-east-1:1:secret:{args.inputs['namePrefix']}1"}
        named = {"name": f"{args.name}-1a2b3c4"} if args.typ in _NAMED_BY_PULUMI else {}
        if args.typ == "aws:s3/bucket:Bucket" and args.name == "files":
            answer = {"arn": "arn:aws:s3:::invoices-files-1", "bucket": "invoices-files-1"}
        if args.typ == "aws:acm/certificate:Certificate":
            names = [args.inputs["domainName"], *args.inputs["subjectAlternativeNames"]]
            answer = {**answer, "domainValidationOptions": [proof_of(name) for name in names]}
        if args.typ in _ARNS:
            answer = {**answer, "arn": _ARNS[args.typ].format(**{"name": args.name, **args.inputs, **named})}
        if args.typ == "aws:ecr/repository:Repository":
            registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
            answer["repositoryUrl"] = f"{registry}/{args.inputs['name']}"
        return answer.get("bucket", f"{args.name}-id"), {**named, **args.inputs, **answer}

    def call(self, args):
        found = {
            "aws:secretsmanager/getRandomPassword:getRandomPassword": {"randomPassword": "a random text of AWS"},
            "aws:ec2/getManagedPrefixList:getManagedPrefixList": {"id": f"pl-{args.args.get('name')}"},
        }
        return {"zoneId": "Z1", **args.args, **found.get(args.token, {})}


class _Recorder(MockMonitor):
    def __init__(self, mocks, stack):
        super().__init__(mocks)
        self.stack = stack

    def RegisterResource(self, request):
        inputs = rpc.deserialize_properties(request.object)
        kind = request.type.split(":")[-1]
        self.stack.resources.append(Rented(kind, request.name, inputs, request))
        return super().RegisterResource(request)


def rented(program=None, region=REGION, **changes):
    """Run the program with the configuration changed so, and return what it rents and puts out."""
    from infra.program import rent
    from infra.settings import InfraSettings

    stack = Stack()

    def default():
        return rent(InfraSettings.read({**CONFIG, **changes}, region))

    # Pulumi's mocks make an event loop in each thread that they run in, and close none.
    loops = []

    def give_a_loop():
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    threads = ThreadPoolExecutor(initializer=give_a_loop)

    async def run():
        asyncio.get_running_loop().set_default_executor(threads)
        mocks = _Aws()
        pulumi.runtime.set_mocks(mocks, project="invoices", stack="prod", monitor=_Recorder(mocks, stack))
        outputs = (program or default)() or {}
        for name, value in outputs.items():
            output = pulumi.Output.from_input(value)
            stack.outputs[name] = await output.future()
            if await output.is_secret():
                stack.secret_outputs.add(name)
        await pulumi.runtime.stack.wait_for_rpcs()

    # In a thread of its own: that of the tests may have a loop already, which a browser runs in.
    with ThreadPoolExecutor(max_workers=1) as apart:
        apart.submit(asyncio.run, run()).result()
    for loop in loops:
        loop.close()
    return stack
