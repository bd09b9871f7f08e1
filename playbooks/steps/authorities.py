"""The certificate authorities that this machine trusts."""

import ssl
from pathlib import Path

import certifi


def trusted() -> ssl.SSLContext:
    """Fall back on Mozilla's list where Python has none, as that of python.org on macOS until a script is run."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"] and not _has_folder():
        context.load_verify_locations(certifi.where())
    return context


def _has_folder() -> bool:
    """Return whether there is a folder of authorities, which are loaded only when one is needed."""
    folder = ssl.get_default_verify_paths().capath
    return bool(folder) and any(Path(str(folder)).iterdir())
