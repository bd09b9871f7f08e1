"""A stand-in for Pulumi's AWS plugin: its protocol as the engine speaks it, with an account in a file instead of AWS.

Run as `pulumi-resource-aws`; the account's file is named by AWS_ACCOUNT_FILE. Which change of an input replaces a
resource is written down from the schema of pulumi-aws 7 (`willReplaceOnChanges`).
"""

import os
import secrets
import sys
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc
from support.aws_account import (
    ATTACHMENT,
    BALANCER,
    BUCKET,
    DATABASE,
    INSTANCE,
    LISTENER,
    PORTS,
    STATIC_IP,
    TARGET_GROUP,
    TASK_DEFINITION,
    Account,
    RefusedError,
)

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # the engine's word for a value that is not known before it is made
_LATER_IN_PLACE = {
    INSTANCE: {"tags", "tagsAll", "addOn", "ipAddressType"},
    ATTACHMENT: set[str](),
    PORTS: set[str](),
    STATIC_IP: set[str](),
    "aws:lightsail/keyPair:KeyPair": {"tags"},
    "aws:lightsail/domainEntry:DomainEntry": set[str](),
    TASK_DEFINITION: {"tags", "tagsAll", "skipDestroy", "trackLatest"},
    "aws:acm/certificateValidation:CertificateValidation": set[str](),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": {"routeTableId"},
}
_REPLACES = {
    BUCKET: {"bucket", "bucketPrefix", "objectLockEnabled", "region"},
    "aws:route53/record:Record": {"name", "type", "zoneId"},
    "aws:iam/accessKey:AccessKey": {"user"},
    "aws:sns/topic:Topic": {"name", "namePrefix", "region"},
    "aws:budgets/budget:Budget": {"name", "namePrefix"},
    "aws:secretsmanager/secret:Secret": {"name", "namePrefix"},
    "aws:cloudwatch/metricAlarm:MetricAlarm": {"name", "region"},
    # Of the cluster: database, services and task definitions as terraform-provider-aws has them, the others a guess.
    DATABASE: {
        "availabilityZone",
        "characterSetName",
        "dbName",
        "engine",
        "identifier",
        "kmsKeyId",
        "restoreToPointInTime",
        "snapshotIdentifier",
        "storageEncrypted",
        "timezone",
        "username",
    },
    "aws:rds/parameterGroup:ParameterGroup": {"name", "namePrefix", "family", "description"},
    "aws:rds/subnetGroup:SubnetGroup": {"name", "namePrefix"},
    TARGET_GROUP: {"name", "namePrefix", "port", "protocol", "protocolVersion", "targetType", "vpcId"},
    BALANCER: {"name", "namePrefix", "internal", "loadBalancerType"},
    LISTENER: {"loadBalancerArn"},
    "aws:ecs/service:Service": {
        "cluster",
        "name",
        "launchType",
        "schedulingStrategy",
        "iamRole",
        "deploymentController",
    },
    "aws:ecr/repository:Repository": {"name", "encryptionConfigurations"},
    "aws:ec2/vpc:Vpc": {"cidrBlock"},
    "aws:ec2/subnet:Subnet": {"vpcId", "availabilityZone", "cidrBlock"},
    "aws:ec2/securityGroup:SecurityGroup": {"name", "namePrefix", "description", "vpcId"},
    "aws:ec2/routeTable:RouteTable": {"vpcId"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"vpcId", "serviceName", "vpcEndpointType"},
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {"securityGroupId"},
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {"securityGroupId"},
    "aws:iam/role:Role": {"name", "namePrefix", "path"},
    "aws:iam/rolePolicy:RolePolicy": {"name", "namePrefix", "role"},
    "aws:acm/certificate:Certificate": {"domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm"},
    "aws:scheduler/schedule:Schedule": {"name", "namePrefix", "groupName"},
    "aws:wafv2/webAcl:WebAcl": {"name", "namePrefix", "scope"},
    "aws:secretsmanager/secretVersion:SecretVersion": {"secretId", "secretString"},
    "aws:lb/listenerRule:ListenerRule": {"listenerArn"},
    "aws:cloudfront/distribution:Distribution": {"staging", "continuousDeploymentPolicyId"},
}

_PUT_OUT = {
    "arn", "ipAddress", "ipv6Addresses", "publicIpAddress", "secret", "address", "masterUserSecrets", "dnsName",
    "zoneId", "arnSuffix", "repositoryUrl", "domainValidationOptions", "status", "fqdn", "revision",
}  # fmt: skip
_PUT_OUT_BY_INSTANCES = {"username"}  # which a database is given


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Answers the engine, one request at a time."""

    def __init__(self, account: Path) -> None:
        self._path, self._region = account, ""

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="7.51.1")

    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request, context):
        self._region = request.variables.get("aws:config:region") or "us-east-1"
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=False, acceptResources=False)

    def Check(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        kind, before, after = _kind(request.urn), _plain(request.old_inputs), _plain(request.news)
        ignored = set(request.ignoreChanges)
        changed = sorted(
            key for key in {*before, *after} if before.get(key) != after.get(key) and not _internal(key, ignored)
        )
        replacing = [key for key in changed if _replaces(kind, key)]
        kinds = provider_pb2.DiffResponse
        return provider_pb2.DiffResponse(
            changes=kinds.DIFF_SOME if changed else kinds.DIFF_NONE,
            diffs=changed,
            replaces=replacing,
            # As the bridge does: two of one name cannot be, so the old one goes first; the nameless have no such luck.
            deleteBeforeReplace=bool(replacing and "name" in after),
        )

    def Create(self, request, context):
        with self._account("create", request.urn, context) as account:
            id_, found = account.create(
                _kind(request.urn), _name(request.urn), _plain(request.properties), self._region
            )
        return provider_pb2.CreateResponse(id=id_, properties=_struct(found))

    def Read(self, request, context):
        inputs, before = _plain(request.inputs), _plain(request.properties)
        kind = _kind(request.urn)
        found = Account.load(self._path).properties(kind, request.id, before or inputs)
        if found is None:
            return provider_pb2.ReadResponse()
        put_out = _PUT_OUT | _PUT_OUT_BY_INSTANCES if kind == INSTANCE else _PUT_OUT
        # Asked for by an import, which knows no inputs yet, or by a refresh, which has those of the last time.
        inputs = {key: found[key] for key in inputs or found.keys() - put_out if key in found}
        return provider_pb2.ReadResponse(id=request.id, properties=_struct(found), inputs=_struct(inputs))

    def Update(self, request, context):
        with self._account("update", request.urn, context) as account:
            found = account.update(_kind(request.urn), request.id, _plain(request.news), self._region)
        return provider_pb2.UpdateResponse(properties=_struct(found))

    def Delete(self, request, context):
        with self._account("delete", request.urn, context) as account:
            account.delete(_kind(request.urn), request.id, _plain(request.properties), self._region)
        return empty_pb2.Empty()

    def Invoke(self, request, context):
        answers = {
            "aws:route53/getZone:getZone": {"zoneId": "Z1"},
            "aws:ec2/getManagedPrefixList:getManagedPrefixList": {"id": "pl-3b927c52"},
            # Another with each run, as AWS makes one whenever it is asked.
            "aws:secretsmanager/getRandomPassword:getRandomPassword": {"randomPassword": secrets.token_hex(20)},
        }
        if request.tok not in answers:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.tok} is not answered here")
        answer = {**answers[request.tok], **_plain(request.args)}
        return provider_pb2.InvokeResponse(**{"return": _struct(answer)})

    def Cancel(self, request, context):
        return empty_pb2.Empty()

    def _account(self, verb: str, urn: str, context: grpc.ServicerContext) -> "_Asked":
        return _Asked(self._path, [verb, _kind(urn).split(":")[-1], _name(urn)], context)


class _Asked:
    """The account while it is asked something: what it becomes is kept, and a refusal is answered as AWS's."""

    def __init__(self, path: Path, asked: list[str], context: grpc.ServicerContext) -> None:
        self._path, self._asked, self._context = path, asked, context

    def __enter__(self) -> Account:
        self._kept = Account.load(self._path)
        self._kept.asked.append(self._asked)
        return self._kept

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._kept.save(self._path)
        if isinstance(error, RefusedError):
            self._context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))


def _kind(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", maxsplit=1)[-1]


def _name(urn: str) -> str:
    return urn.split("::")[3]


def _internal(key: str, ignored: set[str]) -> bool:
    return key.startswith("__") or key in ignored


def _replaces(kind: str, key: str) -> bool:
    if kind in _LATER_IN_PLACE:
        return key not in _LATER_IN_PLACE[kind]
    return key in _REPLACES.get(kind, {"name"})


def _plain(properties: struct_pb2.Struct) -> dict[str, Any]:
    return json_format.MessageToDict(properties)


def _struct(properties: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(properties, struct_pb2.Struct())


def main() -> None:
    """Serve until the engine ends us; the first line that is printed is the port."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(Path(os.environ["AWS_ACCOUNT_FILE"])), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
