"""The parts of pages keep what was typed, say what is wrong with it beside it, and escape what anybody wrote."""

import re
from datetime import date
from pathlib import Path

import pytest

import app
from app.web.http.assets import Assets
from app.web.http.forms import Form
from app.web.http.rendering import templates


@pytest.fixture(scope="module")
def rendered():
    """Render what stands in a template that knows the parts."""
    environment = templates(Assets.of(Path(app.__file__).parent / "static"))

    def of(source, **values):
        imports = '{% import "_parts.html" as parts %}{% import "_charts.html" as charts %}'
        return " ".join(environment.from_string(imports + source).render(values).split())

    return of


# Its line breaks are shown: only those of the text belong there.
KEEPS_LINES = re.compile(r'<(\w+)[^>]*class="[^"]*facts__text[^"]*"[^>]*>(.*?)</\1>', re.DOTALL)
NOT_TEXT = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", re.DOTALL)


def test_no_template_breaks_a_line_where_line_breaks_are_shown():
    found = {
        path.name: text
        for path in (Path(app.__file__).parent / "templates").rglob("*.html")
        for _, inner in KEEPS_LINES.findall(path.read_text())
        if "\n" in (text := NOT_TEXT.sub("", inner))
    }

    assert found == {}


def wrong(typed, **errors):
    fields = Form(typed)
    fields.errors.update(errors)
    return fields


def test_a_field_keeps_what_was_typed_and_says_beside_it_what_is_wrong(rendered):
    fields = wrong({"name": '"><b>'}, name="Please use <i>less</i>.")

    html = rendered('{{ parts.field(fields, "name", "Name", hint="As on paper.") }}', fields=fields)

    assert 'value="&#34;&gt;&lt;b&gt;"' in html
    assert 'aria-invalid="true" aria-describedby="name-error name-hint"' in html
    assert '<p class="form__error" id="name-error">Please use &lt;i&gt;less&lt;/i&gt;.</p>' in html
    assert '<p class="form__hint" id="name-hint">As on paper.</p>' in html


def test_a_field_shows_its_value_until_something_was_typed(rendered):
    source = '{{ parts.field(fields, "name", "Name", value="Acme") }}'

    assert 'value="Acme"' in rendered(source, fields=Form({}))
    assert 'value=""' in rendered(source, fields=Form({"name": ""}))


def test_two_forms_of_a_page_may_have_fields_of_the_same_name(rendered):
    html = rendered('{{ parts.field(fields, "reason", "Reason", id="void-reason") }}', fields=wrong({}, reason="No."))

    assert '<label for="void-reason">' in html
    assert 'id="void-reason" name="reason"' in html
    assert 'aria-describedby="void-reason-error"' in html
    assert 'id="void-reason-error"' in html


def test_an_amount_is_shown_as_the_reader_writes_it_until_something_was_typed(rendered):
    source = '{{ parts.amount_field(fields, "amount", "Amount", currency="EUR", cents=123450) }}'

    assert 'value="1,234.50"' in rendered(source, fields=Form({}))
    assert 'value="abc"' in rendered(source, fields=Form({"amount": "abc"}))
    assert "EUR" in rendered(source, fields=Form({}))


@pytest.mark.parametrize(
    ("fields", "options", "value"),
    [
        (Form({}), "", "2026-03-02"),
        (Form({"paid_on": "2026-02-01"}), "", "2026-02-01"),
        (Form({"paid_on": ""}), "", "2026-03-02"),
        (Form({"paid_on": ""}), ", optional=true", ""),
        (wrong({"paid_on": "1.2.26"}, paid_on="No day."), "", "1.2.26"),
    ],
)
def test_a_day_is_the_one_typed_or_the_one_proposed(rendered, fields, options, value):
    html = rendered(
        '{{ parts.day_field(fields, day, "Paid on", name="paid_on"' + options + ") }}",
        fields=fields,
        day=date(2026, 3, 2),
    )

    assert f'value="{value}"' in html


def test_a_list_of_choices_shows_the_one_that_was_made(rendered):
    source = '{{ parts.select(fields, "currency", "Currency", [("EUR", "Euro"), ("USD", "Dollar")], value="EUR") }}'

    assert '<option value="EUR" selected>Euro</option>' in rendered(source, fields=Form({}))
    assert '<option value="USD" selected>Dollar</option>' in rendered(source, fields=Form({"currency": "USD"}))


def test_several_lines_stay_as_they_were_typed(rendered):
    html = rendered('{{ parts.textarea(fields, "notes", "Notes") }}', fields=Form({"notes": "</textarea><b>"}))

    assert "&lt;/textarea&gt;&lt;b&gt;</textarea>" in html


def test_a_box_that_was_unticked_stays_so(rendered):
    source = '{{ parts.checkbox(fields, "draft", "Draft", value=true) }}'

    assert "checked" in rendered(source, fields=Form({}))
    assert "checked" not in rendered(source, fields=Form({"name": "x"}))
    assert "checked" in rendered(source, fields=Form({"draft": "yes"}))


def test_what_is_wrong_with_a_form_is_said_above_it_with_links_to_the_fields(rendered):
    fields = wrong({}, amount="Please fill this in.", paid_on="Please choose a day.")

    html = rendered('{{ parts.error_summary(fields, {"paid_on": "Paid on"}) }}', fields=fields)

    assert 'role="alert"' in html
    assert "2 fields need another look; nothing was saved." in html
    assert '<a href="#amount">Amount</a>: Please fill this in.' in html
    assert '<a href="#paid_on">Paid on</a>: Please choose a day.' in html
    assert rendered("{{ parts.error_summary(fields) }}", fields=Form({})) == ""


@pytest.mark.parametrize(
    ("now", "before", "sentence"),
    [
        (150_00, 100_00, ">up from 100.00<"),
        (100_00, 150_00, ">down from 150.00<"),
        (100_00, 100_00, ">unchanged<"),
    ],
)
def test_what_became_of_a_figure_is_said_in_words(rendered, now, before, sentence):
    assert sentence in rendered("{{ parts.delta(now, before) }}", now=now, before=before)


def test_a_figure_without_a_past_says_nothing_of_it(rendered):
    assert rendered("{{ parts.delta(5, none) }}") == ""


def test_an_action_that_was_refused_stays_open(rendered):
    source = '{{ parts.reason_action(fields, "", "/invoices/1/void", "Void", "Void invoice", "void", version=3) }}'

    assert "open" not in rendered(source, fields=Form({})).split(">")[0]
    refused = rendered(source, fields=wrong({"reason": ""}, reason="Please fill this in."))
    assert refused.startswith('<details class="action" id="void" open>')
    assert '<input type="hidden" name="version" value="3">' in refused


def test_pages_lead_to_their_neighbours(rendered):
    html = rendered("{{ parts.pages(2, 1234, address) }}", address=lambda page: f"/invoices?page={page}")

    assert '<a href="/invoices?page=1" rel="prev"' in html
    assert "Page 2 of 1,234" in html
    assert '<a href="/invoices?page=3" rel="next"' in html


def test_an_empty_state_says_what_to_do_next(rendered):
    html = rendered('{% call parts.empty("No customers yet.") %}<a href="/imports">Import</a> them.{% endcall %}')

    assert "No customers yet." in html
    assert '<a href="/imports">Import</a> them.' in html


def test_a_chart_has_the_same_figures_in_a_table(rendered):
    html = rendered(
        '{{ charts.bars("ageing", "By age", ["Not due", "Late"], series, "EUR", hrefs=["/invoices?bucket=a&b", ""]) }}',
        series=[{"name": "Outstanding", "cents": [120000, 4550], "meaning": ["plain", "late"]}],
    )

    assert '<th scope="row"><a href="/invoices?bucket=a&amp;b">Not due</a></th>' in html
    assert '<td class="table__number">1,200.00</td>' in html
    assert '<th scope="row">Late</th><td class="table__number">45.50</td>' in html
    assert 'role="img" aria-label="By age, EUR: the table below has the figures."' in html


def test_a_name_cannot_break_out_of_a_chart(rendered):
    name = "'\"></canvas></script><script>alert(1)</script>&"

    html = rendered('{{ charts.bars("c", "Top", [name], [{"name": name, "cents": [1]}]) }}', name=name)

    assert "<script>" not in html
    assert "</canvas></script>" not in html
    assert html.count("'") == 2  # those around the data, which holds none


def test_a_chart_of_counts_has_no_decimals(rendered):
    html = rendered('{{ charts.lines("c", "Late", ["Mar"], [{"name": "Late", "cents": [1234]}], counts=true) }}')

    assert ">1,234</td>" in html
