"""What the product relies on in official images, or in those that stand in for them here."""

import os
from collections.abc import Iterator

import pytest

from tests.support import combinations, stand_in_images
from tests.support.docker_engine import EngineError, docker, one_at_a_time, succeeds, wait_until


@pytest.fixture(scope="session")
def images(docker_engine) -> dict[str, str]:
    with one_at_a_time():
        return {name: stand_in_images.image_of(name) for name in stand_in_images.TAGS}


@pytest.fixture
def database(images, tmp_path) -> Iterator[str]:
    """A database of its own, made with a password from a file and two scripts."""
    name = f"{stand_in_images.PREFIX}-database-{os.getpid()}"
    (tmp_path / "password").write_text("from-a-file\n")
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "1.sh").write_text('psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "CREATE ROLE made_by_a_script"\n')
    (scripts / "2.sql").write_text("CREATE TABLE made_by_sql ();\n")
    docker(
        "run", "-d", "--name", name, "-v", f"{scripts}:/docker-entrypoint-initdb.d:ro",
        "-v", f"{tmp_path / 'password'}:/password:ro", "-e", "POSTGRES_PASSWORD_FILE=/password",
        "-e", "POSTGRES_USER=chief", "-e", "POSTGRES_DB=books", "-e", "POSTGRES_INITDB_ARGS=--data-checksums",
        images["postgres"], "-c", "max_connections=33",
    )  # fmt: skip
    wait_until(lambda: succeeds("exec", name, "pg_isready", "-h", "127.0.0.1"), f"{name} does not answer")
    yield name
    docker("rm", "-f", "-v", name)


def test_a_database_is_made_as_its_settings_say(database):
    assert answer(database, "SHOW data_checksums") == "on"
    assert answer(database, "SHOW max_connections") == "33"
    assert answer(database, "SELECT count(*) FROM pg_roles WHERE rolname = 'made_by_a_script'") == "1"
    assert answer(database, "SELECT count(*) FROM pg_tables WHERE tablename = 'made_by_sql'") == "1"


def test_a_database_asks_other_machines_for_the_password_of_the_file(database):
    address = docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", database)
    as_chief = ("psql", "-h", address, "-U", "chief", "-d", "books", "-Atc", "SELECT 1")
    assert docker("exec", "-e", "PGPASSWORD=from-a-file", database, *as_chief) == "1"
    with pytest.raises(EngineError, match="password authentication failed"):
        docker("exec", "-e", "PGPASSWORD=another", database, *as_chief)


def test_a_database_runs_as_the_account_that_owns_its_volume(database):
    assert docker("exec", database, "stat", "-c", "%u:%g", "/proc/1", "/var/lib/postgresql/data") == "999:999\n999:999"


def test_a_database_keeps_what_it_holds_when_it_starts_again(database):
    docker("restart", database)
    wait_until(lambda: succeeds("exec", database, "pg_isready", "-h", "127.0.0.1"), f"{database} does not answer")
    assert answer(database, "SELECT count(*) FROM pg_tables WHERE tablename = 'made_by_sql'") == "1"
    assert "Skipping initialization" in docker("logs", database)


def test_a_database_without_a_password_is_not_made(images):
    with pytest.raises(EngineError, match="superuser password is not specified"):
        docker("run", "--rm", images["postgres"])


def test_the_proxy_has_a_capability_that_a_container_without_rights_cannot_give(images):
    assert docker("run", "--rm", images["caddy"], "caddy", "version").startswith("v2.11.")
    with pytest.raises(EngineError, match=r"[Oo]peration not permitted"):
        docker("run", "--rm", "--cap-drop", "ALL", images["caddy"], "caddy", "version")


def test_the_cache_runs_without_root(images):
    name = f"{stand_in_images.PREFIX}-cache-{os.getpid()}"
    docker("run", "-d", "--name", name, images["redis"], "--save", "")
    try:
        wait_until(lambda: succeeds("exec", name, "redis-cli", "ping"), f"{name} does not answer")
        assert docker("exec", name, "stat", "-c", "%u:%g", "/proc/1") == "999:999"
    finally:
        docker("rm", "-f", "-v", name)


def test_python_has_a_pip_that_makes_environments(images):
    script = "python -m venv /tmp/venv && /tmp/venv/bin/pip --version && pip --version && python --version"
    printed = docker("run", "--rm", images["python"], "sh", "-ec", script)
    assert printed.splitlines()[-1].startswith("Python 3.13.")


@pytest.mark.skipif(combinations.are_official(), reason="official images come from the public registry")
def test_the_registry_serves_what_the_product_names(docker_engine):
    stand_in_images.serve()
    for name, tag in stand_in_images.named_images():
        assert stand_in_images.digest(f"library/{name}", tag).startswith("sha256:"), f"{name}:{tag}"


def answer(database: str, question: str) -> str:
    return docker("exec", database, "psql", "-U", "chief", "-d", "books", "-Atc", question)
