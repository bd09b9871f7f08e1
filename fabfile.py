"""The commands that `fab --list` shows; each is a module of playbooks/."""

from playbooks.audit import audit
from playbooks.backup import backup
from playbooks.backups import backups
from playbooks.console import console
from playbooks.costs import costs
from playbooks.create_user import create_user
from playbooks.deploy import deploy
from playbooks.import_workbook import import_workbook
from playbooks.inbox_keys import inbox_keys
from playbooks.lock import lock
from playbooks.logs import logs
from playbooks.maintain import maintain
from playbooks.move import move
from playbooks.my_network import my_network
from playbooks.operators import operators
from playbooks.preflight import preflight
from playbooks.provision import provision
from playbooks.records import records
from playbooks.restore import restore
from playbooks.rollback import rollback
from playbooks.ssh import ssh
from playbooks.stack_secrets import stack_secrets
from playbooks.status import status
from playbooks.trust import trust
from playbooks.unlock import unlock
from playbooks.up import up
from playbooks.upgrade_database import upgrade_database
from playbooks.verify import verify
from playbooks.verify_backup import verify_backup

__all__ = [
    "audit",
    "backup",
    "backups",
    "console",
    "costs",
    "create_user",
    "deploy",
    "import_workbook",
    "inbox_keys",
    "lock",
    "logs",
    "maintain",
    "move",
    "my_network",
    "operators",
    "preflight",
    "provision",
    "records",
    "restore",
    "rollback",
    "ssh",
    "stack_secrets",
    "status",
    "trust",
    "unlock",
    "up",
    "upgrade_database",
    "verify",
    "verify_backup",
]
