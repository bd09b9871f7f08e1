"""Tags: what everything that is rented carries, so that it is found, and paid for, together."""


def tags_of(name: str) -> dict[str, str]:
    """Return the tags of everything that belongs to the server of that name."""
    return {"Project": "invoices", "Server": name, "ManagedBy": "pulumi"}
