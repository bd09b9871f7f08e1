"""A Python without authorities of its own, as that of python.org on macOS, checks certificates all the same."""

import ssl
from pathlib import Path
from typing import NamedTuple

import certifi
import pytest

from playbooks.steps.authorities import trusted


class Paths(NamedTuple):
    capath: str | None


AUTHORITIES = Path(certifi.where()).read_text().count("BEGIN CERTIFICATE")


@pytest.fixture
def without_any(monkeypatch):
    """Let Python find no authority, in no file and in no folder."""
    monkeypatch.setattr(ssl, "create_default_context", lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: Paths(None))
    return monkeypatch


def test_where_python_has_none_mozilla_s_are_trusted(without_any):
    assert without_any
    assert AUTHORITIES > 100
    assert trusted().cert_store_stats()["x509_ca"] == AUTHORITIES


def test_an_empty_folder_is_none(without_any, tmp_path):
    without_any.setattr(ssl, "get_default_verify_paths", lambda: Paths(str(tmp_path)))

    assert trusted().cert_store_stats()["x509_ca"] == AUTHORITIES


def test_those_of_a_folder_are_not_added_to(without_any, tmp_path):
    (tmp_path / "0a1b2c3d.0").touch()
    without_any.setattr(ssl, "get_default_verify_paths", lambda: Paths(str(tmp_path)))

    assert trusted().cert_store_stats()["x509_ca"] == 0


def test_those_that_python_has_are_not_added_to(monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    first = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----")
    context.load_verify_locations(cadata=first[0] + first[1] + "\n")
    monkeypatch.setattr(ssl, "create_default_context", lambda: context)

    assert trusted().cert_store_stats()["x509_ca"] == 1
