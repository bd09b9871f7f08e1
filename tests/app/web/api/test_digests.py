"""Digests as programs ask for them: the figures of the pages, due once for each period."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from support.records import a_customer, a_payment, an_invoice

from app.domain.automation import Automation
from app.domain.firm import Firm
from app.domain.permissions import TokenRight
from app.store.access import audit_entries
from app.store.ledger import firm
from app.store.ledger.automation import settings as automation

ON = Automation(overdue_digest=True, month_end_digest=True, weekday=1, hour=8, recipients=("ann@example.com",))
KINDS = [("overdue", "2026-W10"), ("month-end", "2026-02")]


@pytest.fixture
def switched_on(sqlite):
    automation.write(ON)


def is_due(program, kind="overdue"):
    return program.ask(f"/digests/{kind}").json["due"]


def test_the_overdue_digest_says_what_the_pages_say(program, switched_on):
    miller, bolt = a_customer("C1", "Miller & Co"), a_customer("C2", "Bolt")
    a_payment(an_invoice("1", miller, due_on=date(2026, 1, 31)), 40_00)
    an_invoice("2", bolt, due_on=date(2026, 2, 25), total_cents=250_00)
    an_invoice("3", bolt, due_on=date(2026, 3, 2), total_cents=9_00)
    an_invoice("4", bolt, due_on=date(2026, 2, 25), total_cents=7_00, currency="EUR")

    digest = program.ask("/digests/overdue").json

    overdue = {one["currency"]: one["overdue_cents"] for one in program.ask("/reports/ageing").json["data"]}
    assert overdue == {"EUR": 7_00, "USD": 310_00}
    assert (digest["period"], digest["subject"]) == ("2026-W10", "Overdue on 2026-03-02")
    assert digest["text"] == (
        "7.00 EUR overdue\n----------------\n\n"
        "7.00 EUR more than a week before. Newly overdue: 1 invoice, 7.00 EUR.\n\n"
        "Customer  Overdue EUR\nBolt             7.00\nIn all           7.00\n\n"
        "310.00 USD overdue\n------------------\n\n"
        "250.00 USD more than a week before. Newly overdue: 1 invoice, 250.00 USD.\n\n"
        "Customer     Overdue USD\nBolt              250.00\nMiller & Co        60.00\nIn all            310.00\n\n"
        "All overdue invoices:\nhttp://localhost:80/invoices?status=overdue\n"
    )
    assert "Miller &amp; Co" in digest["html"]


def test_only_the_largest_twenty_are_named(program, switched_on):
    for number in range(25):
        an_invoice(str(number), a_customer(f"C{number:02}", f"Customer {number:02}"), total_cents=100 + number)

    text = program.ask("/digests/overdue").json["text"]

    assert text.count("Customer ") == 21
    assert "and 5 customers more         5.10" in text


def test_nothing_overdue_is_said(program, switched_on):
    assert program.ask("/digests/overdue").json["text"].startswith("Nothing is overdue on 2026-03-02.\n")


def test_the_month_end_says_how_the_month_stood_at_its_end(program, switched_on):
    invoice = an_invoice("1", a_customer(), issued_on=date(2026, 2, 10), due_on=date(2026, 2, 20), total_cents=90_00)
    a_payment(invoice, 30_00, paid_on=date(2026, 2, 15))
    a_payment(invoice, 60_00, paid_on=date(2026, 3, 1))

    digest = program.ask("/digests/month-end").json

    assert (digest["period"], digest["subject"]) == ("2026-02", "Month end 2026-02")
    lines = [
        line.split("  ") for line in digest["text"].splitlines() if line.startswith(("Out", "1–30", "In", "Co", "Days"))
    ]
    assert [(line[0], line[-1].strip()) for line in lines] == [
        ("Outstanding", "60.00"),
        ("1–30 days late", "60.00"),
        ("Invoiced in the month", "90.00"),
        ("Collected in the month", "30.00"),
        ("Days sales outstanding", "60"),
    ]


@pytest.mark.parametrize(("kind", "period"), KINDS)
def test_a_digest_is_due_once_for_its_period(program, switched_on, kind, period):
    assert is_due(program, kind)

    noted = program.send(f"/digests/{kind}/sent", {"period": period})

    assert (noted.status_int, noted.json) == (200, {"kind": kind, "period": period})
    assert not is_due(program, kind)


@pytest.mark.parametrize(("kind", "period"), KINDS)
def test_that_it_was_sent_is_recorded_once(program, switched_on, kind, period):
    for _ in range(2):
        assert program.send(f"/digests/{kind}/sent", {"period": period}).status_int == 200

    [entry] = audit_entries.of_subject(f"digest:{kind}")
    assert (entry.action, entry.program) == ("digest.sent", "n8n")
    assert entry.after == {"period": period, "recipients": ["ann@example.com"], "chat": ""}


@pytest.mark.parametrize(("kind", "period"), [("overdue", "2026-W09"), ("month-end", "2026-01")])
def test_another_period_is_not_noted(program, switched_on, kind, period):
    refused = program.send(f"/digests/{kind}/sent", {"period": period})

    assert refused.status_int == 409
    assert is_due(program, kind)


MOMENTS = [
    ("overdue", datetime(2026, 3, 9, 7, 59, tzinfo=UTC), False),
    ("overdue", datetime(2026, 3, 9, 8, 0, tzinfo=UTC), True),
    ("overdue", datetime(2026, 3, 15, 23, 59, tzinfo=UTC), True),
    ("overdue", datetime(2026, 3, 16, 0, 0, tzinfo=UTC), False),
    ("month-end", datetime(2026, 4, 1, 7, 59, tzinfo=UTC), False),
    ("month-end", datetime(2026, 4, 1, 8, 0, tzinfo=UTC), True),
    ("month-end", datetime(2026, 4, 30, 23, 59, tzinfo=UTC), True),
    ("month-end", datetime(2026, 5, 1, 0, 0, tzinfo=UTC), False),
]


@pytest.mark.parametrize(("kind", "moment", "due"), MOMENTS)
def test_it_is_due_from_its_hour_until_its_period_ends(program, switched_on, clock, kind, moment, due):
    clock.moment = moment

    assert is_due(program, kind) is due


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        (datetime(2026, 3, 30, 5, 59, tzinfo=UTC), False),  # 7:59 on the day after the clocks went forward
        (datetime(2026, 3, 30, 6, 0, tzinfo=UTC), True),
        (datetime(2026, 10, 26, 6, 59, tzinfo=UTC), False),  # 7:59 on the day after they went back
        (datetime(2026, 10, 26, 7, 0, tzinfo=UTC), True),
    ],
)
def test_its_hour_is_that_of_the_firm_in_summer_and_winter(program, switched_on, clock, moment, due):
    firm.write(Firm("EUR", ZoneInfo("Europe/Berlin")))
    clock.moment = moment

    assert is_due(program) is due


def test_the_first_days_of_january_can_belong_to_a_week_of_the_year_before(program, switched_on, clock):
    clock.moment = datetime(2027, 1, 1, 9, 0, tzinfo=UTC)

    digest = program.ask("/digests/overdue").json

    assert (digest["period"], digest["due"]) == ("2026-W53", True)


@pytest.mark.parametrize("settings_of_it", [Automation(recipients=("a@b.example",)), Automation(overdue_digest=True)])
def test_what_is_off_or_has_no_recipient_is_never_due(program, settings_of_it):
    automation.write(settings_of_it)

    assert not is_due(program)


def test_a_chat_alone_is_enough(program):
    automation.write(Automation(overdue_digest=True, chat_url="https://chat.example/hooks/1"))

    assert program.ask("/digests/overdue").json["chat_url"] == "https://chat.example/hooks/1"
    assert is_due(program)


def test_the_chat_address_and_the_recipients_are_for_the_carrier_only(program_of, user, sqlite):
    automation.write(Automation(recipients=("ann@example.com",), chat_url="https://chat.example/hooks/1"))

    digest = program_of(user, TokenRight.READ).ask("/digests/overdue").json

    assert (digest["recipients"], digest["chat_url"]) == ([], None)
