"""The load balancer: HTTPS from everybody, HTTP led to it, and the tasks that answer."""

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import lb

from infra.cluster.network import PROXY_PORT, Network
from infra.settings import InfraSettings
from infra.tags import tags_of

IDLE_SECONDS = 60  # less than the proxy keeps a connection open, or the balancer sends into one that is closing
_LEAVING_SECONDS = 30
_TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06"


class Balancer(ComponentResource):
    def __init__(
        self, name: str, settings: InfraSettings, network: Network, certificate: Input[str], opts: ResourceOptions
    ) -> None:
        super().__init__("invoices:infra:Balancer", name, opts=opts)
        own, tags = ResourceOptions(parent=self), tags_of(settings.server_name)
        # Pulumi names it: a name has 32 letters at most, and that of a server may have more.
        balancer = lb.LoadBalancer(
            "balancer",
            load_balancer_type="application",
            internal=False,
            subnets=network.public_subnets,
            security_groups=[network.balancer],
            idle_timeout=IDLE_SECONDS,
            drop_invalid_header_fields=True,
            enable_deletion_protection=True,
            preserve_host_header=True,
            xff_header_processing_mode="append",
            tags=tags,
            opts=ResourceOptions(parent=self, protect=True),
        )
        targets = lb.TargetGroup(
            "app",
            name_prefix="inv-",  # with a fixed name it would be deleted first, which its listener does not allow
            vpc_id=network.vpc,
            target_type="ip",
            protocol="HTTP",
            port=PROXY_PORT,
            deregistration_delay=_LEAVING_SECONDS,
            load_balancing_algorithm_type="least_outstanding_requests",
            health_check={
                "path": "/healthz",
                "matcher": "200",
                "interval": 5,
                "timeout": 4,
                "healthy_threshold": 2,
                "unhealthy_threshold": 2,
            },
            tags=tags,
            opts=own,
        )
        self.listener = lb.Listener(
            "https",
            load_balancer_arn=balancer.arn,
            port=443,
            protocol="HTTPS",
            ssl_policy=_TLS,
            certificate_arn=certificate,
            default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
            tags=tags,
            opts=own,
        )
        lb.Listener(
            "http",
            load_balancer_arn=balancer.arn,
            port=80,
            protocol="HTTP",
            default_actions=[
                {"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"}}
            ],
            tags=tags,
            opts=own,
        )
        self.arn, self.arn_suffix = balancer.arn, balancer.arn_suffix
        self.host_name, self.zone = balancer.dns_name, balancer.zone_id
        self.target_group, self.target_group_suffix = targets.arn, targets.arn_suffix
        self.register_outputs({"arn": self.arn})
