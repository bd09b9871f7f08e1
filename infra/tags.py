"""Tags of all resources, so that they and their costs can be found together."""


def tags_of(name: str) -> dict[str, str]:
    return {"Project": "invoices", "Server": name, "ManagedBy": "pulumi"}
