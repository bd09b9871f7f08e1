"""Tags of all resources, so that they and their costs can be found together."""


def tags_of(name: str) -> dict[str, str]:
    """Return the tags of the resources of the server with this name."""
    return {"Project": "invoices", "Server": name, "ManagedBy": "pulumi"}
