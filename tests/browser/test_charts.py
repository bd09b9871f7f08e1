"""Charts are drawn in the colours and numbers of their reader, and never say less than their table."""

import pytest
from support.polling import is_so_within

FIGURE = "figure:has(#chart-ageing)"


@pytest.mark.browser
def test_a_chart_is_drawn_and_its_table_can_be_opened(open_page):
    with open_page() as page:
        page.goto("/components")
        figure = page.locator(FIGURE)
        assert figure.get_by_role("img").is_visible()
        assert not figure.get_by_role("table").is_visible()

        figure.get_by_text("Show as a table").click()

        assert figure.get_by_role("row", name="1–30 days late 4,500.00").is_visible()


@pytest.mark.browser
def test_without_javascript_the_table_is_the_chart(open_page):
    with open_page(java_script_enabled=False) as page:
        page.goto("/components")
        figure = page.locator(FIGURE)

        assert not figure.locator("canvas").is_visible()
        assert figure.get_by_role("row", name="1–30 days late 4,500.00").is_visible()


@pytest.mark.browser
def test_a_chart_speaks_as_its_reader_does(open_page):
    with open_page(locale="de-DE") as page:
        page.goto("/components")
        page.locator(f"{FIGURE} summary").click()

        assert page.locator(FIGURE).get_by_role("row", name="1–30 days late 4.500,00").is_visible()
        said = (
            "Chart.getChart('chart-ageing').options.plugins.tooltip.callbacks.label({raw: 4500, dataset: {label: 'x'}})"
        )
        assert page.evaluate(said) == "x: 4.500,00 EUR"


@pytest.mark.browser
@pytest.mark.emulated
def test_a_chart_follows_the_colours_of_the_screen(open_page):
    colour = "Chart.getChart('chart-ageing').data.datasets[0].borderColor[0]"
    with open_page(color_scheme="light") as page:
        page.goto("/components")
        light = page.evaluate(colour)

        page.emulate_media(color_scheme="dark")

        assert is_so_within(10, lambda: page.evaluate(colour) != light)


@pytest.mark.browser
@pytest.mark.emulated
def test_paper_has_the_table_instead(open_page):
    with open_page() as page:
        page.goto("/components")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")

        assert not page.locator(f"{FIGURE} canvas").is_visible()
        assert page.locator(FIGURE).get_by_role("table").is_visible()
