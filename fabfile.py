"""What an operator can do: `fab --list`; each command stands in playbooks/."""

from playbooks.preflight import preflight

__all__ = ["preflight"]
