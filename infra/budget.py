"""A budget whose mails say when a month costs more than it may, or will."""

from pulumi import ResourceOptions
from pulumi_aws import budgets

from infra.settings import InfraSettings
from infra.tags import tags_of


def rent_budget(settings: InfraSettings, options: ResourceOptions) -> budgets.Budget:
    return budgets.Budget(
        "budget",
        name_prefix=f"{settings.server_name}-monthly-",  # its name is the account's, not the region's
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=str(settings.monthly_budget),
        limit_unit="USD",
        cost_filters=[{"name": "TagKeyValue", "values": [f"user:Server${settings.server_name}"]}],
        notifications=[
            budgets.BudgetNotificationArgs(
                notification_type=kind,
                comparison_operator="GREATER_THAN",
                threshold=100,
                threshold_type="PERCENTAGE",
                subscriber_email_addresses=[settings.alert_email],
            )
            for kind in ("ACTUAL", "FORECASTED")
        ],
        tags=tags_of(settings.server_name),
        opts=options,
    )
