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

from infra.costs import table
from infra.findings import Finding, Record
from infra.preflight import run_checks
from infra.settings import InfraSettings, InfraSettingsError
from playbooks.steps.inventory import ROOT
from playbooks.steps.session import STACK

_PREFIX = "invoices:"


@task(help={"stack": "The stack whose configuration is looked at."})
def preflight(_context: object, stack: str = STACK) -> None:
    """Check what AWS would refuse, and show the cost, before anything is rented."""
    try:
        settings = configured(ROOT / f"Pulumi.{stack}.yaml")
    except InfraSettingsError as error:
        sys.exit(str(error))
    console = Console(highlight=False)
    findings = []
    for finding in run_checks(settings, boto3.client, Resolver()):
        findings.append(finding)
        console.print(_line(finding))
    console.print(table(settings), style="dim")
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


class Resolver:
    """Public DNS, by way of this machine's own resolver."""

    def name_servers(self, zone: str) -> frozenset[str]:
        return frozenset(server.lower() for server in _answers(zone, "NS"))

    def records(self, domain: str) -> frozenset[Record]:
        aliases = _answers(domain, "CNAME")
        kinds = {"CNAME": aliases} if aliases else {kind: _answers(domain, kind) for kind in ("A", "AAAA")}
        return frozenset((kind, value) for kind, values in kinds.items() for value in values)


def _answers(name: str, kind: str) -> list[str]:
    try:
        return [str(answer).rstrip(".") for answer in dns.resolver.resolve(name, kind)]
    except dns.exception.DNSException:
        return []


def _line(finding: Finding) -> str:
    if finding.wrong:
        return f"[red]✗[/] {finding.what}: {finding.wrong}"
    return f"[yellow]![/] {finding.what}: {finding.advice}" if finding.advice else f"[green]✓[/] {finding.what}"
