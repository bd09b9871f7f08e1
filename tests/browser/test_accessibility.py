"""No page keeps anybody out: axe-core finds nothing serious, and nothing is wider than a telephone."""

from datetime import UTC, datetime

import pytest
from support import automation_records
from support.axe import UNFOLD, violations, violations_everywhere
from support.drilled_server import opened
from support.pages import PAGES

from app.store.access import users

LONG_URL = f"https://hooks.a-company-of-a-long-name.example.com/services/{'0123456789' * 5}"


@pytest.fixture(scope="module", autouse=True)
def automation(server):
    """Something of all that automation brings, as long as it may be."""
    [database] = server.data_dir.glob("*.sqlite3")
    with opened(f"sqlite:///{database}"):
        user = users.find_by_email(server.email)
        automation_records.fill(user, datetime.now(UTC), "somebody@a-company-of-a-long-name.example.com", LONG_URL)


@pytest.mark.browser
@pytest.mark.emulated
def test_axe_finds_nothing_serious_on_any_page(open_page):
    found = []
    with open_page() as page:
        for path in PAGES:
            page.goto(path)
            page.evaluate(UNFOLD)
            found += violations_everywhere(page)
        page.keyboard.press("Shift+?")
        found += violations_everywhere(page)
        page.context.clear_cookies()
        page.goto("/sign-in")
        found += violations_everywhere(page)

    assert found == []


@pytest.mark.browser
@pytest.mark.emulated
def test_axe_finds_nothing_serious_in_forms_that_came_back_or_look_ahead(open_page, debt):
    found = []
    with open_page() as page:
        for walk in (a_refused_invoice, a_refused_payment, a_payment_just_recorded, a_refused_bulk, a_saved_view):
            walk(page, debt)
            page.evaluate(UNFOLD)
            found += violations_everywhere(page)

    assert found == []


def a_refused_invoice(page, _):
    page.goto("/invoices/new")
    page.get_by_role("button", name="Enter the invoice").click()
    page.get_by_role("alert").wait_for()


def a_refused_payment(page, debt):
    page.goto(f"/invoices?q={debt.numbers[0]}")
    page.get_by_role("link", name=debt.numbers[0], exact=True).click()
    page.locator("summary", has_text="Record a payment").click()
    page.locator("#payment").get_by_label("Amount").fill("170.00")
    page.get_by_role("button", name="Record the payment").click()
    page.get_by_label("Keep the rest as credit of the customer").wait_for()


def a_payment_just_recorded(page, _):
    page.get_by_label("Keep the rest as credit of the customer").check()
    page.get_by_role("button", name="Record the payment").click()
    page.get_by_text("Undo: void the payment").wait_for()


def a_refused_bulk(page, debt):
    page.goto(f"/invoices?q={debt.customer}")
    page.get_by_label("all 3 of the list").check()
    page.get_by_role("button", name="Disputed …", exact=True).click()
    page.get_by_role("button", name="Mark").click()
    page.get_by_text("Please fill this in.").wait_for()


def a_saved_view(page, debt):
    page.goto(f"/invoices?q={debt.numbers[1]}")
    page.get_by_text("Save this view").click()
    page.get_by_label("Name").fill(debt.numbers[1])
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Manage views").click()
    page.get_by_label(f"New name of {debt.numbers[1]}").fill("")
    page.get_by_role("row", name=debt.numbers[1]).get_by_role("button", name="Rename").click()
    page.get_by_text("Please fill this in.").wait_for()


@pytest.mark.browser
def test_axe_finds_nothing_serious_on_a_preview(open_page, preview):
    with open_page() as page:
        preview(page)

        assert violations(page) == []


@pytest.mark.browser
def test_every_page_fits_every_screen_with_everything_unfolded(open_page, open_invoice, preview):
    outside = []
    with open_page() as page:
        an_invoice_of_a_long_number(page)
        for path in PAGES:
            page.goto(path)
            outside += what_is_outside(page, path)
        a_conflict(page, open_invoice, preview)
        outside += what_is_outside(page, "a preview")

    assert not outside, "\n".join(outside)


def an_invoice_of_a_long_number(page):
    page.goto("/invoices/new?customer=1")
    page.get_by_label("Number", exact=True).fill("2026-NUMBER-OF-A-FREIGHT-COMPANY-WITH-FIFTY-SIX-SIGNS-01")
    page.get_by_label("Total").fill("123,456.78")
    page.get_by_role("button", name="Enter the invoice").click()
    page.get_by_role("heading", name="Invoice 2026-NUMBER").wait_for()


def a_conflict(page, open_invoice, preview):
    """Change in the app the invoice whose total the workbook changes, too."""
    open_invoice(page, "2025-00027")
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Total").fill("999.00")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="Invoice 2025-00027").wait_for()
    preview(page)
    page.get_by_role("heading", name="Conflicts").wait_for()


@pytest.mark.browser
def test_each_cell_of_a_row_that_becomes_lines_is_named_as_its_column(open_page, open_invoice, preview):
    unnamed = []
    with open_page(viewport={"width": 390, "height": 844}) as page:
        for path in PAGES:
            page.goto(path)
            unnamed += [f"{path}: {one}" for one in page.evaluate(UNNAMED_CELLS)]
        a_conflict(page, open_invoice, preview)
        unnamed += [f"a preview: {one}" for one in page.evaluate(UNNAMED_CELLS)]

    assert unnamed == []


# Beside a heading that names it, and alone: a yes, a no and a number say nothing by themselves.
UNNAMED_CELLS = """() => [...document.querySelectorAll("main tbody td, main .table--labelled tbody th")]
  .filter((one) => one.checkVisibility() && one.textContent.trim() && !one.closest(".table__own"))
  .map((one) => [one, one.closest("table").tHead?.rows[0].cells[one.cellIndex]?.textContent.trim()])
  .filter(([one, heading]) => one.closest(".table--labelled")
    ? one.dataset.label !== heading
    : one.closest(".table--stacked") && /^(yes|no|\\d{1,4}|–)$/i.test(one.innerText.trim()))
  .map(([one, heading]) => `${heading}: ${one.textContent.trim().slice(0, 40)}`)"""


def what_is_outside(page, name):
    """Unfold everything, and name what no screen shows whole, at the usual size and in letters twice as large."""
    page.evaluate(UNFOLD)
    found = [f"{name} at {width} px: {one}" for width in WIDTHS for one in outside_at(page, width)]
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    return found + [f"{name} in large letters: {one}" for one in outside_at(page, 390)]


def outside_at(page, width):
    """Scrollbars take room on a desk; telephones lay them over the page."""
    page.set_viewport_size({"width": width, "height": 800})
    takes_room = "auto" if width > _WIDEST_PHONE else "none"
    page.evaluate("shown => { document.documentElement.style.scrollbarWidth = shown; }", takes_room)
    return page.evaluate(OUTSIDE)


_WIDEST_PHONE = 600
WIDTHS = (320, 360, 390, 600, 768, 1024, 1440)
# What stands in a frame that scrolls can be reached, in letters twice as large; at their usual size no table is cut.
OUTSIDE = """() => {
  const width = document.documentElement.clientWidth;
  const isLarge = document.documentElement.style.fontSize === "200%";
  const isInLines = (one) => one.querySelector(".table--stacked, .table--labelled");
  const isUncut = (one) => one.matches(".table__frame") && (!isLarge || isInLines(one));
  const scrolls = (one) => ["auto", "scroll"].includes(getComputedStyle(one).overflowX) && !isUncut(one);
  const isReached = (one) => one && (scrolls(one) || isReached(one.parentElement));
  const isUnseen = (one) => one && (getComputedStyle(one).clipPath !== "none" || isUnseen(one.parentElement));
  const isWide = (one) => one.scrollWidth > width && !one.value && one.type !== "file";
  const isBeyond = (one) => one.getBoundingClientRect().right > width + 1 || isWide(one);
  const isCut = (one) => !isLarge && isUncut(one) && one.scrollWidth > one.clientWidth + 1;
  const heightOf = (one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return range.getBoundingClientRect().height;
  };
  // A word a line, in a corner.
  const isNarrow = (one) => one.matches(":is(td, th, caption):not(:has(.table__unseen))") && one.clientWidth < 64;
  return [...document.querySelectorAll("main, main *, header *, footer *")]
    .filter((one) => one.checkVisibility() && one.type !== "hidden" && !isReached(one) && !isUnseen(one))
    .filter((one) => isBeyond(one) || isCut(one) || (!isLarge && isNarrow(one) && heightOf(one) > 90))
    .map((one) => `${one.tagName} ${one.className} ${(one.name || one.textContent).trim().slice(0, 40)}`)
    .slice(0, 3);
}"""


@pytest.mark.browser
def test_nothing_to_press_is_smaller_than_a_fingertip(open_page):
    """24 pixels: a target's own height, or its distance to the next where it stands in a line of text or of a table."""
    small = []
    with open_page(viewport={"width": 360, "height": 740}) as page:
        for path in PAGES:
            page.goto(path)
            small += [f"{path}: {one}" for one in page.evaluate(SMALL_TARGETS)]

    assert small == []


SMALL_TARGETS = """() => [...document.querySelectorAll("button, summary, select, nav a, footer a, td a, input")]
  .filter((one) => one.type !== "hidden")
  .filter((one) => one.checkVisibility())
  .filter((one) => !["checkbox", "radio"].includes(one.type) || !one.closest("label, td, th"))
  .filter((one) => Math.max(one.getBoundingClientRect().height, one.closest("td")?.offsetHeight || 0) < 24)
  .map((one) => one.outerHTML.slice(0, 80))"""
