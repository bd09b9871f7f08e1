"""Keys and passwords are made anew while the site is in use."""

import pytest

from tests.support.public_site import Load


@pytest.mark.parametrize("kind", ["signing-key", "database"])
def test_secrets_are_made_anew_without_a_request_lost(serving, site, invoice_id, kind):
    volumes = "/var/lib/docker/volumes/invoices_secrets-"
    path = {"signing-key": f"{volumes}app/_data/secret_key", "database": f"{volumes}app/_data/database_url"}[kind]
    before = serving.inside(f"sha256sum {path}")

    with Load(site, invoice_id) as load:
        serving.operator.fab("secrets", "--rotate", kind)

    assert serving.inside(f"sha256sum {path}") != before
    assert "\n".join(load.failures) == ""
    assert site.ask("GET", "/health").status == 200
