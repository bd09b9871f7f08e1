"""The app's image: small, with all that the product needs and nothing that builds."""

import subprocess
import sys

# Every locale there is writes an amount, a number, a part, a day, a month and a moment.
WRITTEN_BY_ALL = """
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo
from babel.localedata import locale_identifiers
from app.web.http.locales import Locale
zone, day, moment = ZoneInfo("Europe/Berlin"), date(2026, 3, 2), datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
for name in sorted(locale_identifiers()):
    try:
        one = Locale.of(name, zone)
        print(name, one.money(-123450), one.number(12345), one.percent(1, 3))
        print(one.day(day), one.month(day), one.moment(moment))
    except (KeyError, ValueError) as error:
        print(name, repr(error))
"""

PDF = """
from contextlib import closing
from app.web.pages.statements.sheet import PdfSheet, SheetColumn, SheetRow
columns = [SheetColumn("What", 40), SheetColumn("Amount", 20, is_figure=True)]
with closing(PdfSheet("Title", "Firm", "Foot", is_letter=False)) as sheet:
    sheet.write_table(columns, [SheetRow(["Αθήνα, Київ, Köln", "1.00"])])
    print(sheet.content()[:5].decode())
"""


def test_every_locale_is_written_in_the_image_as_it_is_here(deployed):
    (app,) = deployed.containers("app").values()
    here = subprocess.run([sys.executable, "-c", WRITTEN_BY_ALL], check=True, capture_output=True, text=True).stdout

    there = deployed.instance.exec("docker", "exec", app, "python", "-c", WRITTEN_BY_ALL)

    assert len(here.splitlines()) > 1000
    assert there.splitlines() == here.strip().splitlines()


def test_a_pdf_is_made_in_the_image(deployed):
    (app,) = deployed.containers("app").values()

    assert deployed.instance.exec("docker", "exec", app, "python", "-c", PDF).strip() == "%PDF-"


def test_libraries_that_are_loaded_when_they_are_first_used_are_in_the_image(deployed):
    (app,) = deployed.containers("app").values()
    used = "obstore.store, webauthn, authlib.oidc.core, joserfc.jwt, cryptography.x509"

    assert (
        deployed.instance.exec("docker", "exec", app, "python", "-c", f"import {used}; print('loaded')").strip()
        == "loaded"
    )


def test_the_image_is_small(deployed, figure):
    size = int(deployed.inside(f"docker image inspect -f '{{{{.Size}}}}' invoices-app:{deployed.first_version}"))
    figure("size of the app's image", f"{size / 1_000_000:.0f} MB", "235 MB")

    assert size < 235_000_000


def test_nothing_in_the_image_installs_or_builds(deployed):
    (app,) = deployed.containers("app").values()
    search = "for one in pip pip3 gcc cc make; do command -v $one; done; python -c 'import setuptools' 2>&1 | tail -1"

    assert deployed.inside(f'docker exec {app} sh -c "{search}"') == "ModuleNotFoundError: No module named 'setuptools'"
