"""Reports and the export, as programs ask for them."""

from io import BytesIO

from openpyxl import load_workbook


def test_ageing_is_told_in_cents_by_currency(program, ledger):
    assert program.ask("/reports/ageing").json == {
        "as_of": "2026-03-02",
        "data": [
            {
                "currency": "USD",
                "open_invoices": 2,
                "outstanding_cents": 120_00,
                "overdue_invoices": 2,
                "overdue_cents": 120_00,
                "credit_cents": 0,
                "buckets": {"not_due": 0, "to_30": 120_00, "to_60": 0, "to_90": 0, "over_90": 0},
            }
        ],
    }


def test_a_report_is_told_as_of_a_day(program, ledger):
    found = program.ask("/reports/ageing?as_of=2026-01-31").json

    assert found["data"][0]["overdue_cents"] == 0


def test_who_owes_is_told(program, ledger):
    assert [
        (one["customer_code"], one["outstanding_cents"]) for one in program.ask("/reports/customers").json["data"]
    ] == [
        ("C1", 60_00),
        ("C2", 60_00),
    ]


def test_everything_comes_as_a_workbook(program, ledger):
    answer = program.ask("/export")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="receivables-2026-03-02.xlsx"'
    assert load_workbook(BytesIO(answer.body)).sheetnames == ["Customers", "Invoices", "Payments"]
