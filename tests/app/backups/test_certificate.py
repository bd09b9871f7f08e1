"""The certificate says "agrees to the cent" of the backup that does, and of no other."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from support.audit_entries import audit_entries_removable
from support.busy_ledger import people_writing
from support.kept_ledger import kept_ledger
from support.polling import is_so_within
from support.postgresql_cluster import folder_of_the_server

from app import clock
from app.backups import certificate as certificates
from app.backups import manifest, proof, scratch
from app.backups.certificate import gather, make
from app.backups.proof import judge
from app.cli.probing import problems_of_pages
from app.store.access import audit_chain
from app.store.db import tables
from app.store.db.markers import Archived, marked

ROOT = Path(__file__).parents[3]
NOT_REACHED = (
    "The archive: The restored server did not start: recovery ended before configured recovery target was reached."
)

FULL = "The disk is full: make room where backups are made and where they are kept, and try again."


def no_pages(url, folder):
    return []


@pytest.fixture(scope="module")
def module_scratch():
    folder = folder_of_the_server("scratch-")
    yield folder
    for name in ("certificate", "evidence"):
        if (folder / name).exists():
            scratch.empty(folder / name)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def ledger(archive, signing_key, module_scratch):
    return kept_ledger(archive, signing_key, module_scratch)


@pytest.fixture(scope="module")
def evidence(ledger, module_scratch):
    """What was taken of the untouched ledger; the archive goes on after it."""
    folder = scratch.folder_in(module_scratch, "evidence")
    with ledger.read():
        return gather(ledger.settings, folder, clock.utc_now(), {})


@pytest.fixture
def place(ledger, evidence):
    """A copy of the place of the backups, to be damaged."""
    copy = folder_of_the_server("place-")
    run_as_here("cp", "-a", f"{ledger.archive.place}/.", copy)
    yield copy
    shutil.rmtree(copy)


@pytest.fixture
def judged(ledger, scratch_folder):
    """Judge evidence by a place; the pages of the app are another test's."""

    def judged(evidence, place=None, cipher="", pages_of=no_pages):
        where = f"file://{place or ledger.archive.place}"
        settings = ledger.settings.model_copy(update={"backup_place": where})
        repository = certificates._repository(settings)
        if cipher:
            repository = replace(repository, cipher=cipher)
        with ledger.opened():
            verdict = judge(evidence, certificates.place_at(settings), repository, scratch_folder, pages_of)
        return list(verdict.problems)

    return judged


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    mode = path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(content)
    path.chmod(mode)


def segment_of(evidence, place):
    [found] = place.glob(f"wal/*/archive/**/{evidence.marker.segment}-*")
    return found


def dump_of(ledger, name, target):
    run_as_here("pg_dump", "-Fc", "-f", target, f"{ledger.archive.server}/{name}")


def run_as_here(*command):
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


def with_dump(evidence, dump):
    """Pass the dump off as the one that was made: even the hash in the manifest is its own."""
    files = [
        replace(file, plain_sha256=manifest.sha256_of(dump)) if file.name == manifest.DUMP else file
        for file in evidence.manifest.files
    ]
    return replace(evidence, dump=dump, manifest=replace(evidence.manifest, files=tuple(files)))


def about_the(layer, problems):
    return [one.removeprefix(f"{layer}: ") for one in problems if one.startswith(f"{layer}: ")]


def test_the_untouched_backup_agrees(judged, evidence):
    assert judged(evidence, pages_of=problems_of_pages) == []


def test_a_flipped_bit_in_the_stored_dump_is_found(judged, evidence, place):
    flip_a_bit(place / f"dumps/{evidence.manifest.id}/invoices.dump.age")

    assert judged(evidence, place) == [
        f"dumps/{evidence.manifest.id}/invoices.dump.age in the place of the backups is not what was sent: "
        f"some of it was changed."
    ]


def test_a_flipped_bit_in_the_stored_manifest_is_found(judged, evidence, place):
    flip_a_bit(place / f"dumps/{evidence.manifest.id}/manifest.json")

    assert judged(evidence, place) == [
        f"dumps/{evidence.manifest.id}/manifest.json in the place of the backups is not what was sent: "
        f"some of it was changed."
    ]


def test_a_flipped_bit_in_the_stored_signature_is_found(judged, evidence, place):
    flip_a_bit(place / f"dumps/{evidence.manifest.id}/manifest.json.sig")

    assert judged(evidence, place) == [
        f"The signature of backup {evidence.manifest.id} in the place of the backups is not what was sent."
    ]


def test_a_flipped_bit_in_the_plain_dump_is_found(judged, evidence, tmp_path):
    dump = tmp_path / "invoices.dump"
    shutil.copy(evidence.dump, dump)
    flip_a_bit(dump)

    assert judged(replace(evidence, dump=dump))[0] == (
        "The dump: it is not the one that was made, some of it was changed on this server's disk."
    )


def test_a_flipped_bit_in_the_base_backup_is_found(judged, evidence, place):
    flip_a_bit(
        max(place.glob(f"wal/*/backup/*/{evidence.base.label}/pg_data/**/*.gz"), key=lambda one: one.stat().st_size)
    )

    [problem] = judged(evidence, place)

    assert problem.startswith(f"The archive: The repository file://{place}/wal/5f0c7d cannot be restored: ")


def test_a_flipped_bit_in_the_archived_log_is_found(judged, evidence, place):
    flip_a_bit(segment_of(evidence, place))

    assert judged(evidence, place) == [NOT_REACHED]


def test_a_missing_segment_is_found(judged, evidence, place):
    segment_of(evidence, place).unlink()

    assert judged(evidence, place) == [NOT_REACHED]


def test_half_an_upload_is_found(judged, evidence, place):
    path = place / f"dumps/{evidence.manifest.id}/invoices.dump.age"
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])

    assert judged(evidence, place) == [
        f"dumps/{evidence.manifest.id}/invoices.dump.age has 1,000 bytes in the place of the backups, "
        f"and {len(whole):,} were sent."
    ]


def test_an_upload_that_is_gone_is_found(judged, evidence, place):
    (place / f"dumps/{evidence.manifest.id}/settings.json.age").unlink()

    assert judged(evidence, place) == [
        f"dumps/{evidence.manifest.id}/settings.json.age was sent, and is not in the place of the backups."
    ]


def test_a_payment_that_the_dump_lacks_is_named(judged, evidence, ledger, tmp_path):
    dump = tmp_path / "invoices.dump"
    with ledger.copied() as name:
        with psycopg.connect(f"{ledger.archive.server}/{name}") as copy:
            copy.execute("DELETE FROM payments")
        dump_of(ledger, name, dump)

    problems = judged(with_dump(evidence, dump))

    today = evidence.figures.today.isoformat()
    assert f"On {today} customer C1 owed 60.00 USD, now 100.00 USD." in about_the("The dump", problems)
    assert "The table payments had 1 row, now 0." in about_the("The dump", problems)
    assert about_the("The archive", problems) == []


def test_a_payment_that_the_archive_lacks_is_named(judged, evidence, ledger):
    with ledger.opened():
        row = tables.PaymentModel.get()
        row.delete_instance()
        with marked("deleted") as later:
            certificates._wait_until_archived(later)
        tables.PaymentModel.insert(row.__data__).execute()

    problems = judged(replace(evidence, marker=later))

    today = evidence.figures.today.isoformat()
    assert f"On {today} customer C1 owed 60.00 USD, now 100.00 USD." in about_the("The archive", problems)
    assert about_the("The dump", problems) == []


def test_an_index_that_does_not_fit_its_table_is_found(judged, evidence, ledger):
    function = "CREATE OR REPLACE FUNCTION turned(bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT {}$1'"
    with ledger.opened(), psycopg.connect(ledger.url, autocommit=True) as owner:
        owner.execute(function.format(""))
        owner.execute("CREATE INDEX turning ON payments (turned(amount_cents))")
        owner.execute(function.format("-"))
        with marked("unfit") as later:
            certificates._wait_until_archived(later)
        owner.execute("DROP INDEX turning")

    [problem] = judged(replace(evidence, marker=later))

    assert problem.startswith("The archive: pg_amcheck failed: ")


def test_a_record_that_was_sealed_again_is_found(judged, evidence, ledger, tmp_path):
    dump = tmp_path / "invoices.dump"
    with ledger.copied() as name:
        with ledger.opened(name):
            seal_again_without_the_second()
            assert audit_chain.verify().broken is None
        dump_of(ledger, name, dump)

    problems = about_the("The dump", judged(with_dump(evidence, dump)))

    assert any(
        one.startswith(f"The record of what was done ended with the seal {evidence.figures.audit_head}, not ")
        for one in problems
    )


def seal_again_without_the_second():
    """Do what an intruder would who knows how entries are sealed."""
    entries = list(tables.AuditEntryModel.select().order_by(tables.AuditEntryModel.id).dicts())
    with audit_entries_removable(tables.database.obj):
        tables.AuditEntryModel.delete().execute()
        head = audit_chain.BEGINNING
        for entry in (entries[0], *entries[2:]):
            values = {name: entry[name] for name in audit_chain._SEALED} | {"previous_hash": head}
            head = audit_chain.seal(values)
            tables.AuditEntryModel.create(**values, entry_hash=head)


def test_a_record_that_was_changed_without_sealing_is_found(judged, evidence, ledger, tmp_path):
    dump = tmp_path / "invoices.dump"
    with ledger.copied() as name:
        with ledger.opened(name), audit_entries_removable(tables.database.obj):
            tables.AuditEntryModel.update(subject="invoice:9").where(tables.AuditEntryModel.id == 2).execute()
        dump_of(ledger, name, dump)

    problems = about_the("The dump", judged(with_dump(evidence, dump)))

    assert "The record of what was done is broken at entry 2: what it says is not what was sealed." in problems


def test_an_old_backup_under_a_newer_name_is_found(judged, evidence, place):
    shutil.copytree(place / f"dumps/{evidence.manifest.id}", place / "dumps/29990101T000000Z")

    assert judged(evidence, place) == [
        f"The newest whole backup in the place of the backups is 29990101T000000Z, not {evidence.manifest.id}, "
        f"which was just made: somebody put it there or took it away."
    ]


def test_an_old_archive_in_place_of_the_newest_is_found(judged, evidence, place):
    """Everything is there and whole, as it was an hour ago."""
    for newer in place.glob("wal/*/archive/*/*/*/0*"):
        if newer.name[:24] >= evidence.marker.segment:
            newer.unlink()

    assert judged(evidence, place) == [NOT_REACHED]


def test_an_old_dump_in_place_of_the_newest_is_found(judged, evidence, ledger, tmp_path):
    dump = tmp_path / "invoices.dump"
    with ledger.copied() as name:
        with psycopg.connect(f"{ledger.archive.server}/{name}") as copy:
            copy.execute("DELETE FROM payments")
            copy.execute("DELETE FROM invoices WHERE number = '2001'")
        dump_of(ledger, name, dump)

    problems = about_the("The dump", judged(with_dump(evidence, dump)))

    today = evidence.figures.today.isoformat()
    assert f"On {today} customer C2 owed 2,345.67 EUR, now 0.00 EUR." in problems


def test_a_dump_of_an_empty_ledger_is_found(judged, evidence, ledger, tmp_path):
    dump = tmp_path / "invoices.dump"
    with ledger.copied() as name:
        with psycopg.connect(f"{ledger.archive.server}/{name}") as copy:
            copy.execute("TRUNCATE customers, invoices, payments CASCADE")
        dump_of(ledger, name, dump)

    assert "The table invoices had 2 rows, now 0." in about_the("The dump", judged(with_dump(evidence, dump)))


def test_a_dump_of_nothing_is_found(judged, evidence, ledger, tmp_path):
    dump = tmp_path / "invoices.dump"
    dump_of(ledger, "template1", dump)

    problems = about_the("The dump", judged(with_dump(evidence, dump)))

    assert problems == ['The database cannot be read: relation "firm" does not exist.']


def test_another_passphrase_is_found(judged, evidence):
    [problem] = judged(evidence, cipher="another")

    assert "wal/5f0c7d cannot be restored: " in problem


def test_a_scratch_folder_without_room_is_told(judged, evidence, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100_000_000, 70_000_000, 30_000_000))

    problems = judged(evidence)

    assert len(problems) == 2  # one for each layer
    assert all("are needed, but only 30 MB of the disk of " in one for one in problems)


def test_pages_that_the_app_does_not_serve_are_told(judged, evidence):
    def of_another(url, folder):
        return problems_of_pages(url.replace("ledger", "gone"), folder)

    [problem] = judged(evidence, pages_of=of_another)

    assert problem.startswith("The app does not start on the restored database: The database cannot be reached: ")


@pytest.fixture
def seen(monkeypatch):
    """Let `make` judge nothing: what is tested is what it does before and after."""
    monkeypatch.setattr(certificates, "judge", lambda *_: proof.Verdict((), 1.5, 2.5))


def seconds():
    """Yield moments of now, each of another second: a backup is named after its second, and a test may be quick."""
    latest = clock.utc_now()
    while True:
        yield latest
        latest = max(clock.utc_now(), latest + timedelta(seconds=1))


SECONDS = seconds()


def made(ledger, now=None, pages_of=no_pages):
    with ledger.read():
        return make(ledger.settings, now or next(SECONDS), {}, pages_of)


def stored(ledger):
    return sorted(path.name for path in ledger.archive.place.glob("certificates/*"))


def test_what_agrees_is_certified_with_its_seconds(ledger):
    certificate = made(ledger, pages_of=problems_of_pages)

    assert certificate.problems == ()
    assert certificate.sentence == (
        f"Backup {certificate.backup} was restored in {certificate.restore_seconds:.0f} s and agrees to the cent."
    )
    assert 0 < certificate.restore_seconds < certificate.rto_seconds
    assert 0 < certificate.rpo_seconds < 60


def test_what_agrees_is_stored_with_its_signature(ledger, seen):
    certificate = made(ledger)

    assert {f"{certificate.backup}.json", f"{certificate.backup}.json.sig"} <= set(stored(ledger))


def test_nothing_of_the_ledger_is_left_in_the_scratch_folder(ledger, seen):
    made(ledger)

    assert list((ledger.settings.scratch_dir / "certificate").iterdir()) == []


def test_what_differs_is_not_certified(ledger, monkeypatch):
    monkeypatch.setattr(certificates, "judge", lambda *_: proof.Verdict(("The dump: it differs.",)))
    before = stored(ledger)

    certificate = made(ledger)

    assert certificate.sentence == f"Backup {certificate.backup} is not proved: The dump: it differs."
    assert stored(ledger) == before


def test_the_sentence_says_how_many_problems_the_report_names_beside_the_first(ledger, monkeypatch):
    monkeypatch.setattr(certificates, "judge", lambda *_: proof.Verdict(("The dump: it differs.", "a", "b")))

    assert made(ledger).sentence.endswith(" is not proved: The dump: it differs. The report names 2 more problems.")


def test_a_certificate_that_cannot_be_stored_is_none(ledger, seen, monkeypatch):
    monkeypatch.setattr(certificates.signatures, "NAMESPACE", "")

    certificate = made(ledger)

    assert not certificate.ok


def test_a_mistake_of_the_program_is_no_proof(ledger, monkeypatch, caplog):
    monkeypatch.setattr(certificates, "judge", lambda *_: 1 / 0)

    assert made(ledger).problems == (
        "The proof broke off, as the program failed: ZeroDivisionError. Its log says where.",
    )
    assert "ZeroDivisionError" in caplog.text


def test_a_clock_that_is_wrong_is_told(ledger, seen):
    [problem] = made(ledger, now=clock.utc_now() + timedelta(hours=1)).problems

    assert problem.startswith("The clock of the database says ")


def test_a_full_disk_is_told(ledger, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(certificates, "judge", full)

    [problem] = made(ledger).problems
    assert problem.startswith("The disk is full: make room ")


def test_an_archive_whose_base_is_of_the_night_before_the_last_is_told(ledger, seen, monkeypatch):
    monkeypatch.setattr(certificates, "_OLDEST_BASE", timedelta(0))

    [problem] = made(ledger).problems
    assert problem.startswith("The newest base backup in the archive is of ")


def test_where_much_differs_twenty_are_named():
    assert proof.few([str(number) for number in range(1, 25)])[18:] == ["19", "20", "4 more differ."]


@pytest.fixture
def small_disk(ledger, monkeypatch):
    """A disk in memory with less room than the restored archive takes, as the scratch folder."""
    folder = folder_of_the_server("small-")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=False).returncode:
        pytest.skip("only root can make a small disk")
    owner = folder.parent / folder.name
    os.chown(owner, ledger.settings.scratch_dir.stat().st_uid, ledger.settings.scratch_dir.stat().st_gid)
    monkeypatch.setattr(proof, "_SPARE", -(10**12))
    yield folder
    run_as_here("umount", folder)
    folder.rmdir()


def test_a_disk_that_fills_up_meanwhile_is_told(ledger, small_disk):
    settings = ledger.settings.model_copy(update={"scratch_dir": small_disk})
    with ledger.read():
        certificate = make(settings, clock.utc_now(), {}, no_pages)

    assert certificate.problems == ("The dump: " + FULL, "The archive: " + FULL)


def test_an_archive_that_takes_nothing_is_told(ledger, seen, monkeypatch):
    monkeypatch.setattr(certificates, "_ARCHIVED_WITHIN", 0.0)
    monkeypatch.setattr(certificates, "archived", lambda: Archived("", None, "000000010000000000000009"))

    [problem] = made(ledger).problems
    assert problem.endswith(" within 0 seconds of the marker: it fails to take 000000010000000000000009.")


def test_two_do_not_run_at_once(ledger, seen):
    with scratch.own_folder(ledger.settings.scratch_dir, "certificate"):
        [problem] = made(ledger).problems

    assert problem.endswith("/certificate: wait until it is done.")


def test_people_may_write_while_it_is_made(ledger):
    with people_writing(ledger.url):
        certificate = made(ledger)

    assert certificate.problems == ()


@pytest.mark.parametrize("reached", ["invoices.dump", "logical/data/postmaster.pid", "physical/data", "physical/log"])
def test_a_run_that_is_killed_leaves_nothing_that_counts_and_the_next_succeeds(ledger, reached):
    before = stored(ledger)
    killed = started(ledger)
    assert is_so_within(120, (ledger.settings.scratch_dir / "certificate" / reached).exists, pause=0.01)
    killed.kill()

    assert killed.communicate()[0] == ""
    assert stored(ledger) == before
    said, complaint = started(ledger).communicate()
    assert json.loads(said)["problems"] == [], complaint


def started(ledger):
    settings = ledger.settings
    environment = {
        name.upper(): str(text)
        for name, text in settings.model_dump().items()
        if text and name in type(settings).model_fields
    }
    command = [sys.executable, "-m", "app.cli", "certificate", "make", "--json"]
    return subprocess.Popen(
        command, env=environment | {"PATH": os.environ["PATH"]}, cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
