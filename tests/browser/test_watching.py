"""The page of the system, the line about backups and the bar of maintenance, on a telephone and on a screen."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from support.reports import ALL, keep_reports
from support.server import running_server

from app import clock
from app.maintenance import MaintenanceMode

pytestmark = pytest.mark.browser

WIDTHS = (390, 1440)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server whose timers have just reported."""
    folder = tmp_path_factory.mktemp("reports")
    now = clock.utc_now().isoformat()
    keep_reports(folder, **{name: {"at": now} for name in ALL})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPORTS_DIR", str(folder))
        with running_server(tmp_path_factory.mktemp("data")) as running:
            yield running


@pytest.fixture
def maintenance(server):
    mode = MaintenanceMode(server.data_dir)
    mode.begin(clock.utc_now() + timedelta(minutes=15), "a larger server", 30)
    yield mode
    mode.end()


def is_as_wide_as_its_window(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_of_the_system_fits_and_is_reached_by_keys(open_page, width):
    with open_page(viewport={"width": width, "height": 900}) as page:
        page.goto("/")
        page.keyboard.press("g")
        page.keyboard.press("y")

        expect(page.get_by_role("heading", name="System", exact=True)).to_be_visible()
        expect(page.get_by_text("full in about 9 weeks at this rate")).to_be_visible()
        expect(page.get_by_role("img", name="Disk used, in megabytes")).to_be_visible()
        assert is_as_wide_as_its_window(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_dashboard_leads_to_the_proof_of_the_backup(open_page, width):
    with open_page(viewport={"width": width, "height": 900}) as page:
        page.goto("/")
        page.get_by_role("link", name="backup was restored in 41 s and agrees to the cent.").click()

        expect(page.get_by_role("heading", name="Backups")).to_be_in_viewport()


@pytest.mark.parametrize("width", WIDTHS)
def test_what_was_typed_before_maintenance_began_is_sent_when_it_is_over(open_page, maintenance, width):
    maintenance.end()
    with open_page(viewport={"width": width, "height": 900}) as page:
        page.goto("/customers/new")
        page.get_by_label("Code", exact=True).fill(f"P{width}")
        page.get_by_label("Name", exact=True).fill(f"Patient {width}")
        maintenance.begin(clock.utc_now() + timedelta(minutes=15), "a larger server", 30)

        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("heading", name="Nothing can be saved just now")).to_be_visible()
        expect(page.get_by_text("a larger server. Everything can be read.")).to_be_visible()
        expect(page.get_by_text(f"Patient {width}")).to_be_visible()
        assert is_as_wide_as_its_window(page)
        maintenance.end()
        page.get_by_role("button", name="Send again").click()

        expect(page.get_by_role("heading", name=f"Patient {width}")).to_be_visible()
