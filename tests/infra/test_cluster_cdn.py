"""CloudFront keeps nothing but static files, and is the only way to the balancer."""

import pytest
from pulumi import ResourceOptions
from support.pulumi_stack import CONFIG, rented

from infra.cluster.cdn import Cdn, CdnOrigin, addresses_of_cloudfront
from infra.settings import InfraSettings

REGION = "eu-central-1"
SETTINGS = InfraSettings.read({**CONFIG, "shape": "cluster", "cdn": "cloudfront"}, REGION)
ORIGIN = CdnOrigin(
    host="invoices-1.eu-central-1.elb.amazonaws.com", listener="arn:listener", target_group="arn:targets",
    certificate_is_valid="arn:certificate",
)  # fmt: skip


@pytest.fixture(scope="module")
def stack():
    def program():
        made = Cdn("cdn", SETTINGS, ORIGIN, ResourceOptions())
        return {"host": made.host, "networks": addresses_of_cloudfront()}

    return rented(program)


@pytest.fixture(scope="module")
def distribution(stack):
    return stack.one("Distribution").inputs


@pytest.fixture(scope="module")
def origin(distribution):
    """Return the balancer as CloudFront knows it, which Pulumi keeps encrypted for the secret in it."""
    (found,) = distribution["origins"]["value"]
    return found


def test_what_is_not_static_is_never_kept(distribution):
    behaviour = distribution["defaultCacheBehavior"]

    assert behaviour["cachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # Managed-CachingDisabled
    assert set(behaviour["allowedMethods"]) == {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}


def test_cookies_authorization_host_and_the_address_of_the_browser_are_passed_on(distribution):
    policy = distribution["defaultCacheBehavior"]["originRequestPolicyId"]

    assert policy == "33f36d7e-f396-46d9-90e0-52428a34d9dc"  # Managed-AllViewerAndCloudFrontHeaders-2022-06


def test_static_files_alone_are_kept_and_depend_on_no_cookie(distribution):
    (kept,) = distribution["orderedCacheBehaviors"]

    assert (kept["pathPattern"], kept["cachePolicyId"], kept["originRequestPolicyId"], kept["allowedMethods"]) == (
        "/static/*",
        "658327ea-f89d-4fab-a63d-7e88639e58f6",  # Managed-CachingOptimized
        "bf0718e1-ba1e-49d1-88b1-f726733018ae",  # Managed-HostHeaderOnly
        ["GET", "HEAD"],
    )


def test_from_cloudfront_to_the_balancer_everything_is_encrypted(origin):
    assert (origin["domainName"], origin["customOriginConfig"]["originProtocolPolicy"]) == (
        "invoices-1.eu-central-1.elb.amazonaws.com", "https-only",
    )  # fmt: skip


def test_a_request_by_http_is_sent_to_https(distribution):
    behaviours = [distribution["defaultCacheBehavior"], *distribution["orderedCacheBehaviors"]]

    assert {one["viewerProtocolPolicy"] for one in behaviours} == {"redirect-to-https"}


def test_only_what_says_the_secret_passes_the_balancer(stack, origin):
    first, second = sorted((one.inputs for one in stack.of("ListenerRule")), key=lambda one: one["priority"])
    (said,) = origin["customHeaders"]
    (condition,) = first["conditions"]["value"]

    assert condition == {"httpHeader": {"httpHeaderName": "X-Origin-Secret", "values": ["a random text of AWS"]}}
    assert said["value"] == "a random text of AWS"
    assert (said["name"], first["actions"][0]["type"]) == ("X-Origin-Secret", "forward")
    assert second["conditions"] == [{"pathPattern": {"values": ["*"]}}]
    assert second["actions"][0]["fixedResponse"]["statusCode"] == "403"


def test_the_secret_is_aws_s_own_random_text_and_stays_as_it_is(stack):
    version = stack.one("SecretVersion")

    assert version.inputs["secretString"]["value"] == "a random text of AWS"
    assert list(version.options.ignoreChanges) == ["secretString"]
    assert stack.one("Secret").inputs["namePrefix"] == "invoices/cdn-"


def test_the_balancer_asks_for_the_secret_once_the_distribution_is_there(stack):
    rules = stack.of("ListenerRule")

    assert all(any("cloudfront/distribution" in urn for urn in rule.options.dependencies) for rule in rules)


@pytest.mark.parametrize("kind", ["Certificate", "CertificateValidation", "WebAcl"])
def test_certificate_and_firewall_are_where_cloudfront_looks_for_them(stack, kind):
    assert [one.inputs["region"] for one in stack.of(kind)] == ["us-east-1"]


def test_the_firewall_is_one_for_cloudfront_and_belongs_to_the_distribution(stack, distribution):
    assert stack.one("WebAcl").inputs["scope"] == "CLOUDFRONT"
    assert distribution["webAclId"] == "arn:aws:wafv2:us-east-1:1:global/webacl/invoices-cdn/1"


def test_the_firewall_lets_workbooks_through_whatever_their_size(stack):
    rules = {one["name"]: one for one in stack.one("WebAcl").inputs["rules"]}
    common = rules["AWSManagedRulesCommonRuleSet"]["statement"]["managedRuleGroupStatement"]

    assert common["ruleActionOverrides"] == [{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}]


def test_all_rules_of_the_firewall_are_counted_in_what_it_costs(stack):
    from infra.cluster.costs import FIREWALL_RULES

    assert len(stack.one("WebAcl").inputs["rules"]) == FIREWALL_RULES


def test_too_many_requests_of_one_address_are_refused(stack):
    (limit,) = [one for one in stack.one("WebAcl").inputs["rules"] if one["name"] == "too-many-requests"]

    assert limit["statement"]["rateBasedStatement"]["limit"] == 3000
    assert limit["action"]["block"]["customResponse"]["responseCode"] == 429


def test_the_group_of_the_balancer_can_let_in_cloudfront_s_networks_alone(stack):
    assert stack.outputs["networks"] == "pl-com.amazonaws.global.cloudfront.origin-facing"


def test_where_users_are_led_is_put_out(stack):
    assert stack.outputs["host"] == "d1.cloudfront.net"
