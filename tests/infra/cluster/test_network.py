"""Only the balancer is reached from outside; the database has no way out at all."""

from support.pulumi_stack import CLUSTER, rented

ZONES = ["us-east-1a", "us-east-1b"]


def test_tasks_and_database_are_in_two_zones(stack):
    subnets = {one.name: (one.inputs["availabilityZone"], one.inputs["cidrBlock"]) for one in stack.of("Subnet")}

    assert subnets == {
        "public-us-east-1a": ("us-east-1a", "10.20.0.0/24"), "public-us-east-1b": ("us-east-1b", "10.20.1.0/24"),
        "private-us-east-1a": ("us-east-1a", "10.20.100.0/24"), "private-us-east-1b": ("us-east-1b", "10.20.101.0/24"),
    }  # fmt: skip


def test_another_zone_leaves_the_subnets_of_the_others_as_they_are(stack):
    zones = ["us-east-1c", *ZONES]
    before = {one.name: one.inputs for one in stack.of("Subnet")}
    after = {one.name: one.inputs for one in rented(**CLUSTER, clusterZones=zones).of("Subnet")}

    assert len(after) == 6
    assert {name: after[name] for name in before} == before


def test_the_subnets_of_the_database_have_no_route_out(stack):
    assert "routes" not in stack.one("RouteTable", "private").inputs
    tables = {one.name: one.inputs["routeTableId"] for one in stack.of("RouteTableAssociation")}
    assert [tables[f"private-{zone}"] for zone in ZONES] == ["private-id", "private-id"]
    assert "NatGateway" not in stack.kinds()


def test_s3_is_reached_without_leaving_the_network(stack):
    inputs = stack.one("VpcEndpoint").inputs

    assert (inputs["vpcEndpointType"], inputs["serviceName"], inputs["routeTableIds"]) == (
        "Gateway", "com.amazonaws.us-east-1.s3", ["public-id"],
    )  # fmt: skip


def test_everybody_reaches_the_balancer_only_and_it_only_the_tasks(stack):
    rules = {
        (one.inputs["securityGroupId"], one.inputs["fromPort"],
         one.inputs.get("cidrIpv4") or one.inputs["referencedSecurityGroupId"])
        for one in stack.of("SecurityGroupIngressRule")
    }  # fmt: skip

    assert rules == {
        ("invoices-balancer-id", 80, "0.0.0.0/0"), ("invoices-balancer-id", 443, "0.0.0.0/0"),
        ("invoices-tasks-id", 8080, "invoices-balancer-id"), ("invoices-database-id", 5432, "invoices-tasks-id"),
    }  # fmt: skip


def test_the_group_that_comes_with_a_network_lets_nobody_in_or_out_and_has_no_tag(stack):
    assert set(stack.one("DefaultSecurityGroup").inputs) == {"vpcId"}


def test_no_group_says_its_rules_itself_as_they_would_undo_those_beside_it(stack):
    assert [set(one.inputs) & {"ingress", "egress"} for one in stack.of("SecurityGroup")] == [set(), set(), set()]
