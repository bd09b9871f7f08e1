"""Logs leave the server only where that is asked for, and the server can add to them and do no more."""

import json

from support.pulumi_stack import rented

ARN = "arn:aws:logs:us-east-1:1:log-group:/invoices/invoices"


def test_by_default_logs_stay_on_the_server():
    stack = rented()

    assert "LogGroup" not in stack.kinds()
    assert stack.outputs["log_group"] == ""


def test_logs_outside_are_kept_for_three_months():
    stack = rented(logs="cloudwatch")

    (group,) = [one.inputs for one in stack.of("LogGroup") if "retentionInDays" in one.inputs]
    assert (group["name"], group["retentionInDays"]) == ("/invoices/invoices", 90)
    assert stack.outputs["log_group"] == "/invoices/invoices"


def test_the_server_adds_lines_and_removes_none():
    (statement,) = json.loads(rented(logs="cloudwatch").one("UserPolicy", "logs").inputs["policy"])["Statement"]

    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statement["Resource"] == [ARN, f"{ARN}:*"]


def test_they_cost_what_the_table_says():
    assert rented(logs="cloudwatch").outputs["monthly_cost"]["A month"] == "26.50"
