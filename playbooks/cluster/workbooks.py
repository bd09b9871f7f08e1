"""`fab import-workbook` on a cluster: the workbook waits in the bucket while a one-off task reads it."""

import secrets
from pathlib import Path
from urllib.parse import quote

from playbooks.cluster.once import OneOff
from playbooks.steps.session import ClusterSession, RefusedError

_INCOMING = "imports/incoming"
_SECONDS = 900
# The task is given an address that is good for minutes, and for this one file.
_RECEIVE = """\
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=60) as file, open(sys.argv[2], "wb") as kept:
    while part := file.read(1_000_000):
        kept.write(part)
"""
_IMPORT = 'python -c "$1" "$2" "/tmp/$3" && name="/tmp/$3" && shift 3 && invoices import "$name" "$@"'


def import_workbook(found: ClusterSession, path: Path, *, apply: bool) -> None:
    """Raise RefusedError if nothing was imported."""
    s3, bucket = found.aws.client("s3"), found.settings.files_bucket
    key = f"{_INCOMING}/{secrets.token_hex(16)}/{quote(path.name)}"
    s3.upload_file(str(path), bucket, key)
    try:
        wanted = {"Bucket": bucket, "Key": key}
        address = s3.generate_presigned_url("get_object", Params=wanted, ExpiresIn=_SECONDS)
        command = ("sh", "-c", _IMPORT, "sh", _RECEIVE, address, path.name, *(["--apply"] if apply else []))
        ended = OneOff.of_app(found).run(*command, seconds=_SECONDS)
    finally:
        s3.delete_object(Bucket=bucket, Key=key)
    found.console.print(ended.out, markup=False)
    if not ended.is_ok:
        raise RefusedError("Nothing was imported.")
