"""The network: public subnets for balancer and tasks, private ones for the database, and who may connect to whom."""

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import ec2, vpc

from infra.cluster.cdn import addresses_of_cloudfront
from infra.settings import InfraSettings
from infra.tags import tags_of

ADDRESSES = "10.20.0.0/16"
PROXY_PORT = 8080
DATABASE_PORT = 5432
_EVERYBODY = "0.0.0.0/0"
_PRIVATE = 100  # the third number of an address: 10.20.0.0/24 is public, 10.20.100.0/24 private


class Network(ComponentResource):
    """A VPC without NAT: tasks have public addresses, which nothing but the balancer can connect to.

    The subnets of the database have no route out. A subnet belongs to its zone by name: another zone adds one.
    """

    def __init__(self, name: str, settings: InfraSettings, opts: ResourceOptions) -> None:
        super().__init__("invoices:infra:Network", name, opts=opts)
        self._own = ResourceOptions(parent=self)
        self._settings = settings
        self._name, self._tags = settings.server_name, tags_of(settings.server_name)
        self._vpc = ec2.Vpc(
            "vpc", cidr_block=ADDRESSES, enable_dns_support=True, enable_dns_hostnames=True, tags=self._named("vpc"),
            opts=self._own,
        )  # fmt: skip
        self.vpc = self._vpc.id
        # Nothing uses the group that comes with a network, and it lets its members connect to one another. It has no
        # tag: the right to tag it would be one to tag any group of the account, which could then be changed as ours.
        ec2.DefaultSecurityGroup("default", vpc_id=self.vpc, opts=self._own)
        self.public_subnets, self.private_subnets = self._subnets(settings)
        self.balancer = self._group("balancer", "The load balancer, which everybody may reach by HTTP and HTTPS.")
        self.tasks = self._group("tasks", "The tasks, which only the load balancer may connect to.")
        self.database = self._group("database", "The database, which only the tasks may connect to.")
        self._connections()
        self.register_outputs({"vpc": self.vpc})

    def _named(self, what: str) -> dict[str, str]:
        return {**self._tags, "Name": f"{self._name}-{what}"}

    def _subnets(self, settings: InfraSettings) -> tuple[list[Output[str]], list[Output[str]]]:
        gateway = ec2.InternetGateway("gateway", vpc_id=self.vpc, tags=self._named("gateway"), opts=self._own)
        public = ec2.RouteTable(
            "public",
            vpc_id=self.vpc,
            routes=[{"cidr_block": _EVERYBODY, "gateway_id": gateway.id}],
            tags=self._named("public"),
            opts=self._own,
        )
        private = ec2.RouteTable("private", vpc_id=self.vpc, tags=self._named("private"), opts=self._own)
        ec2.VpcEndpoint(  # files and backups reach S3 without leaving AWS, and for nothing
            "s3",
            vpc_id=self.vpc,
            service_name=f"com.amazonaws.{settings.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[public.id],
            tags=self._named("s3"),
            opts=self._own,
        )
        subnets: dict[ec2.RouteTable, list[Output[str]]] = {public: [], private: []}
        for table, kind, first in ((public, "public", 0), (private, "private", _PRIVATE)):
            for zone in settings.cluster_zones:
                number = first + ord(zone[-1]) - ord("a")  # by the zone's letter: zones may be added in any order
                subnets[table].append(self._subnet(f"{kind}-{zone}", zone, number, table))
        return subnets[public], subnets[private]

    def _subnet(self, name: str, zone: str, number: int, table: ec2.RouteTable) -> Output[str]:
        subnet = ec2.Subnet(
            name, vpc_id=self.vpc, availability_zone=zone, cidr_block=f"10.20.{number}.0/24", tags=self._named(name),
            opts=self._own,
        )  # fmt: skip
        ec2.RouteTableAssociation(name, subnet_id=subnet.id, route_table_id=table.id, opts=self._own)
        return subnet.id

    def _group(self, kind: str, description: str) -> Output[str]:
        # Named by Pulumi: a description that changes replaces the group, while the one before is still in use.
        return ec2.SecurityGroup(
            f"{self._name}-{kind}", vpc_id=self.vpc, description=description, tags=self._named(kind), opts=self._own
        ).id

    def _connections(self) -> None:
        if self._settings.cdn == "cloudfront":  # its list of networks leaves a group room for no second port
            self._in("cloudfront-to-balancer", self.balancer, 443, prefix_list_id=addresses_of_cloudfront())
        else:
            for port in (80, 443):
                self._in(f"everybody-to-balancer-{port}", self.balancer, port, cidr_ipv4=_EVERYBODY)
        self._out("balancer-to-tasks", self.balancer, PROXY_PORT, referenced_security_group_id=self.tasks)
        self._in("balancer-to-tasks", self.tasks, PROXY_PORT, referenced_security_group_id=self.balancer)
        self._in("tasks-to-database", self.database, DATABASE_PORT, referenced_security_group_id=self.tasks)
        # To AWS, to mail servers and to receivers of webhooks, at whatever port those have.
        vpc.SecurityGroupEgressRule(
            "tasks-out", security_group_id=self.tasks, cidr_ipv4=_EVERYBODY, ip_protocol="tcp", from_port=0,
            to_port=65535, tags=self._tags, opts=self._own,
        )  # fmt: skip

    def _in(self, name: str, group: Output[str], port: int, **source: str | Output[str]) -> None:
        vpc.SecurityGroupIngressRule(
            name, security_group_id=group, ip_protocol="tcp", from_port=port, to_port=port, tags=self._tags,
            opts=self._own, **source,
        )  # fmt: skip

    def _out(self, name: str, group: Output[str], port: int, **target: str | Output[str]) -> None:
        vpc.SecurityGroupEgressRule(
            name, security_group_id=group, ip_protocol="tcp", from_port=port, to_port=port, tags=self._tags,
            opts=self._own, **target,
        )  # fmt: skip
