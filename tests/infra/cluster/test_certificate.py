"""The certificate is issued by records of the domain, which are set or printed."""

from support.pulumi_stack import CLUSTER, rented

BOTH = ["invoices.example.com", "next.invoices.example.com"]


def test_it_has_both_names_whatever_the_shape_as_another_name_would_replace_it(stack, both):
    names = [
        [one.one("Certificate").inputs["domainName"], *one.one("Certificate").inputs["subjectAlternativeNames"]]
        for one in (stack, both)
    ]

    assert names == [BOTH, BOTH]


def test_at_route53_its_proofs_are_set(stack):
    proofs = [one for one in stack.of("Record") if one.name.startswith("proof")]

    assert [(one.inputs["name"], one.inputs["type"], one.inputs["records"]) for one in proofs] == [
        ("_proof.invoices.example.com.", "CNAME", ["_1.acm.aws."]),
        ("_proof.next.invoices.example.com.", "CNAME", ["_1.acm.aws."]),
    ]


def test_its_issuer_is_allowed_before_it_is_asked_for(both):
    assert both.one("Record", "caa").inputs["records"] == ['0 issue "letsencrypt.org"', '0 issue "amazon.com"']
    assert [urn.split("::")[-1] for urn in both.one("Certificate").options.dependencies] == ["caa"]


def test_elsewhere_all_records_are_printed_with_those_that_the_certificate_waits_for():
    stack = rented(**{**CLUSTER, "dns": "external"})

    assert stack.outputs["dns_records_to_set"].splitlines() == [
        'invoices.example.com. 300 IN CAA 0 issue "amazon.com"',
        "_proof.invoices.example.com. 300 IN CNAME _1.acm.aws.",
        "_proof.next.invoices.example.com. 300 IN CNAME _1.acm.aws.",
        "invoices.example.com. 300 IN CNAME balancer-1.elb.amazonaws.com.",
    ]


def test_a_zone_itself_which_can_have_no_cname_is_an_alias():
    stack = rented(**{**CLUSTER, "dns": "external", "domain": "example.com"})

    assert "example.com. 300 IN ALIAS balancer-1.elb.amazonaws.com." in stack.outputs["dns_records_to_set"]
