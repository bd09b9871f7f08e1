"""The policy pack, which `pulumi preview --policy-pack infra/policies` and `pulumi up --policy-pack …` run."""

from decimal import Decimal

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from infra.policies.rules import RULES, Resource, Rule, above_budget

# Dollars a month if the stack has no budget alarm, as in Pulumi.yaml; the pack's configuration can set another.
_BUDGET = 50


def _policy(rule: Rule) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for fault in rule.faults(Resource(args.resource_type, args.props, bool(args.opts.protect))):
            report(fault, None)

    return ResourceValidationPolicy(name=rule.name, description=rule.description, validate=validate)


def _within_budget(args: StackValidationArgs, report: ReportViolation) -> None:
    resources = (Resource(one.resource_type, one.props, bool(one.opts.protect)) for one in args.resources)
    for fault in above_budget(resources, Decimal(str(args.get_config().get("monthlyBudget", _BUDGET)))):
        report(fault, None)


PolicyPack(
    "invoices",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        *(_policy(rule) for rule in RULES),
        StackValidationPolicy(
            name="within-the-budget",
            description="All of it together costs no more than was said.",
            validate=_within_budget,
        ),
    ],
)
