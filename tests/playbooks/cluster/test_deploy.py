"""A deploy of a cluster: images by digest, a secret and a database at first, tasks of the new version, or none at all."""

from support.rented_cluster import stored

from playbooks.cluster import releases


def test_the_first_deploy_prints_the_first_admin(deployed):
    assert "admin@invoices.example.com can sign in as admin." in deployed.first
    assert "https://invoices.example.com serves v1." in deployed.first
