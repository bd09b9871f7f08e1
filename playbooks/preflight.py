"""`fab preflight`: check what AWS would refuse before `pulumi up` rents anything."""

import sys
from pathlib import Path
from typing import Any

import boto3
import dns.exception
import dns.resolver
import yaml
from invoke.tasks import task
from rich.console import Console

from infra.costs import monthly, table
from infra.preflight import Finding, run_checks
from infra.settings import InfraSettings, InfraSettingsError
from playbooks.steps.inventory import ROOT

_PREFIX = "invoices:"


@task(help={"stack": "The stack whose configuration is looked at."})
def preflight(_context: object, stack: str = "prod") -> None:
    """Check what AWS would refuse, and show the cost, before anything is rented."""
    try:
        settings = configured(ROOT / f"Pulumi.{stack}.yaml")
    except InfraSettingsError as error:
        sys.exit(str(error))
    console = Console(highlight=False)
    findings = []
    for finding in run_checks(settings, boto3.client, name_servers):
        findings.append(finding)
        console.print(_line(finding))
    console.print(table(monthly(settings)), style="dim")
    if any(finding.wrong for finding in findings):
        sys.exit("Nothing was rented: correct what is wrong above, then run this again.")
    console.print("All is well: `pulumi up` rents it.")


def configured(path: Path) -> InfraSettings:
    """Read a stack's YAML file; raises InfraSettingsError."""
    try:
        config: dict[str, Any] = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("config") or {}
    except (OSError, yaml.YAMLError) as error:
        raise InfraSettingsError([f"{path.name} cannot be read: {error}."]) from error
    ours = {name.removeprefix(_PREFIX): value for name, value in config.items() if name.startswith(_PREFIX)}
    return InfraSettings.read(ours, str(config.get("aws:region") or ""))


def name_servers(zone: str) -> frozenset[str]:
    """Return nothing if the zone is not delegated or the query fails."""
    try:
        return frozenset(str(server).rstrip(".").lower() for server in dns.resolver.resolve(zone, "NS"))
    except dns.exception.DNSException:
        return frozenset()


def _line(finding: Finding) -> str:
    return f"[red]✗[/] {finding.what}: {finding.wrong}" if finding.wrong else f"[green]✓[/] {finding.what}"
