"""CloudFront before the balancer: it keeps static files near users, and its firewall (WAF) filters all requests."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import acm, cloudfront, ec2, lb, secretsmanager, wafv2

from infra.settings import InfraSettings
from infra.tags import tags_of

CLOUDFRONT_REGION = "us-east-1"  # where CloudFront looks for certificates and firewalls, wherever the cluster is
_PREFIX_LIST = "com.amazonaws.global.cloudfront.origin-facing"
_HEADER = "X-Origin-Secret"
_SECRET_LETTERS = 40
# AWS's own policies, by the ids that its manual lists: those of an account's own are refused by the cheaper plans.
CACHED, NOT_CACHED = "658327ea-f89d-4fab-a63d-7e88639e58f6", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# All headers of the browser with cookies and Authorization, and CloudFront-Viewer-Address; or Host alone, as nothing
# else may decide what is kept for everybody.
ALL_AND_ADDRESS, HOST_ONLY = "33f36d7e-f396-46d9-90e0-52428a34d9dc", "bf0718e1-ba1e-49d1-88b1-f726733018ae"
_STATIC = "/static/*"
_LONGEST_ANSWER = 60  # seconds, as the balancer waits for its tasks
_FILTERS = (
    "AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesCommonRuleSet",
)  # fmt: skip
# The common rules refuse bodies above 8 KB: uploads of workbooks, which the app limits by itself.
_NOT_REFUSED = ("SizeRestrictions_BODY",)
_REQUESTS_IN_FIVE_MINUTES = 3_000  # of one address, behind which a whole office may be


@dataclass(frozen=True, slots=True)
class CdnOrigin:
    """The balancer that requests are passed on to."""

    host: Input[str]
    listener: Input[str]
    target_group: Input[str]
    certificate_is_valid: Input[str]  # the ARN of the balancer's own, once its domain is proved


class Cdn(ComponentResource):
    """The distribution, and the rules that let only it through the balancer."""

    def __init__(self, name: str, settings: InfraSettings, origin: CdnOrigin, opts: ResourceOptions) -> None:
        super().__init__("invoices:infra:Cdn", name, opts=opts)
        self._settings, self._origin = settings, origin
        self._own = ResourceOptions(parent=self)
        self._tags = tags_of(settings.server_name)
        secret = self._secret()
        distribution = self._distribution(secret, self._certificate(), self._firewall())
        self.host = distribution.domain_name
        self.zone_id = distribution.hosted_zone_id  # for an alias of Route 53
        self._only_through(distribution, secret)
        self.register_outputs({"host": self.host})

    def _secret(self) -> Output[str]:
        """Keep a random text that AWS makes once: its later ones are ignored."""
        kept = secretsmanager.Secret(
            "cdn",
            name_prefix=f"{self._settings.server_name}/cdn-",
            description="What CloudFront says to the balancer, which refuses others.",
            tags=self._tags,
            opts=self._own,
        )
        made = secretsmanager.get_random_password_output(
            password_length=_SECRET_LETTERS, exclude_punctuation=True
        ).random_password
        version = secretsmanager.SecretVersion(
            "cdn",
            secret_id=kept.arn,
            secret_string=Output.secret(made),
            opts=ResourceOptions(parent=self, ignore_changes=["secretString"]),
        )
        return Output.secret(version.secret_string.apply(lambda text: text or ""))

    def _certificate(self) -> Output[str]:
        """Return the ARN of one that the records of the balancer's prove: ACM asks for the same in each region."""
        certificate = acm.Certificate(
            "cdn",
            domain_name=self._settings.domain,
            subject_alternative_names=[self._settings.next_domain],
            validation_method="DNS",
            region=CLOUDFRONT_REGION,
            tags=self._tags,
            opts=self._own,
        )
        arn = Output.all(certificate.arn, self._origin.certificate_is_valid).apply(lambda found: str(found[0]))
        return acm.CertificateValidation(
            "cdn", certificate_arn=arn, region=CLOUDFRONT_REGION, opts=self._own
        ).certificate_arn

    def _firewall(self) -> wafv2.WebAcl:
        name = f"{self._settings.server_name}-cdn"
        return wafv2.WebAcl(
            "cdn",
            name=name,
            scope="CLOUDFRONT",
            region=CLOUDFRONT_REGION,
            default_action={"allow": {}},
            rules=[_rate_limit(name), *(_filter(name, number, group) for number, group in enumerate(_FILTERS, 1))],
            visibility_config=_visibility(name),
            tags=self._tags,
            opts=self._own,
        )

    def _distribution(
        self, secret: Output[str], certificate: Output[str], firewall: wafv2.WebAcl
    ) -> cloudfront.Distribution:
        return cloudfront.Distribution(
            "cdn",
            enabled=True,
            comment=self._settings.server_name,
            aliases=[self._settings.cluster_domain],
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class="PriceClass_All",
            web_acl_id=firewall.arn,
            origins=[self._passed_on_to(secret)],
            default_cache_behavior=_behaviour(NOT_CACHED, ALL_AND_ADDRESS, _EVERY_METHOD),
            ordered_cache_behaviors=[{"path_pattern": _STATIC, **_behaviour(CACHED, HOST_ONLY, ["GET", "HEAD"])}],
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={
                "acm_certificate_arn": certificate,
                "ssl_support_method": "sni-only",
                "minimum_protocol_version": "TLSv1.2_2021",
            },
            tags=self._tags,
            opts=self._own,
        )

    def _passed_on_to(self, secret: Output[str]) -> cloudfront.DistributionOriginArgsDict:
        return {
            "origin_id": "balancer",
            "domain_name": self._origin.host,  # the certificate is that of Host, which each behaviour passes on
            "custom_headers": [{"name": _HEADER, "value": secret}],
            "custom_origin_config": {
                "http_port": 80,
                "https_port": 443,
                "origin_protocol_policy": "https-only",
                "origin_ssl_protocols": ["TLSv1.2"],
                "origin_read_timeout": _LONGEST_ANSWER,
                "origin_keepalive_timeout": 50,  # below the balancer's 60
            },
        }

    def _only_through(self, distribution: cloudfront.Distribution, secret: Output[str]) -> None:
        """Pass on what says the secret, and refuse the rest: others may have a distribution before our balancer too."""
        after = ResourceOptions(parent=self, depends_on=[distribution])
        lb.ListenerRule(
            "through-cdn",
            listener_arn=self._origin.listener,
            priority=1,
            conditions=[{"http_header": {"http_header_name": _HEADER, "values": [secret]}}],
            actions=[{"type": "forward", "target_group_arn": self._origin.target_group}],
            tags=self._tags,
            opts=after,
        )
        lb.ListenerRule(
            "past-cdn",
            listener_arn=self._origin.listener,
            priority=2,
            conditions=[{"path_pattern": {"values": ["*"]}}],
            actions=[
                {
                    "type": "fixed-response",
                    "fixed_response": {
                        "content_type": "text/plain",
                        "message_body": f"This address is https://{self._settings.cluster_domain} only.",
                        "status_code": "403",
                    },
                }
            ],
            tags=self._tags,
            opts=after,
        )


def addresses_of_cloudfront() -> Output[str]:
    """Return AWS's list of the networks that CloudFront asks from; it counts as 55 of the 60 rules of a group."""
    return ec2.get_managed_prefix_list_output(name=_PREFIX_LIST).id


_EVERY_METHOD = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]


def _behaviour(
    cache_policy: str, request_policy: str, methods: list[str]
) -> cloudfront.DistributionDefaultCacheBehaviorArgsDict:
    return {
        "target_origin_id": "balancer",
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": methods,
        "cached_methods": ["GET", "HEAD"],
        "cache_policy_id": cache_policy,
        "origin_request_policy_id": request_policy,
        "compress": True,
    }


def _rate_limit(name: str) -> wafv2.WebAclRuleArgsDict:
    return {
        "name": "too-many-requests",
        "priority": 0,
        "action": {"block": {"custom_response": {"response_code": 429}}},
        "statement": {
            "rate_based_statement": {
                "aggregate_key_type": "IP",
                "limit": _REQUESTS_IN_FIVE_MINUTES,
                "evaluation_window_sec": 300,
            }
        },
        "visibility_config": _visibility(f"{name}-too-many-requests"),
    }


def _filter(name: str, number: int, group: str) -> wafv2.WebAclRuleArgsDict:
    return {
        "name": group,
        "priority": number,
        "override_action": {"none": {}},
        "statement": {
            "managed_rule_group_statement": {
                "vendor_name": "AWS",
                "name": group,
                "rule_action_overrides": [
                    {"name": rule, "action_to_use": {"count": {}}}
                    for rule in (_NOT_REFUSED if group == "AWSManagedRulesCommonRuleSet" else ())
                ],
            }
        },
        "visibility_config": _visibility(f"{name}-{group}"),
    }


def _visibility(metric: str) -> wafv2.WebAclVisibilityConfigArgsDict:
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": True}
