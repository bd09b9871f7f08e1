"""Workbooks that come by mail, from the mailbox to the books and back to the sender."""

import re
import time
from decimal import Decimal
from email.message import EmailMessage

import pytest
from support.automated_stack import ANN, OUR_NAME, OURS
from support.polling import is_so_within
from support.workbooks import invoices_tab, workbook

A_MINUTE = 60


def one_invoice(folder, name, number, *, total="100.00", due="2026-02-04"):
    row = [number, "Acme", "2026-01-05", due, Decimal(total)]
    return workbook(folder, invoices_tab(row), name=f"{name}.xlsx")


def parts_of(mail):
    return [part.get_filename() for part in mail.iter_attachments()]


def test_a_mailed_workbook_ends_as_invoices_and_an_answer_to_its_sender_within_a_minute(stack, mail, tmp_path, capsys):
    began = time.monotonic()
    stack.send(mail(one_invoice(tmp_path, "january", "J-1")))

    assert is_so_within(A_MINUTE, lambda: stack.answers("january.xlsx"))
    seconds = time.monotonic() - began
    with capsys.disabled():
        print(f"\n{seconds:.1f} seconds from the mail to its answer")
    (answer,) = stack.answers("january.xlsx")
    assert (answer["From"], answer["Subject"]) == (f'"{OUR_NAME}" <{OURS}>', "january.xlsx: applied")
    assert "J-1" in stack.app.numbers()


def test_the_same_mail_again_changes_nothing_and_is_not_answered_again(stack, mail, tmp_path):
    path = one_invoice(tmp_path, "february", "F-1")
    stack.send(mail(path, message_id="<february@mail.example.com>"))
    assert is_so_within(A_MINUTE, lambda: stack.answers("february.xlsx"))

    uploads = len(stack.proxy.seen)
    stack.send(mail(path, message_id="<february@mail.example.com>"))
    assert is_so_within(A_MINUTE, lambda: any("/imports?" in one for one in stack.proxy.seen[uploads:]))
    stack.send(mail(one_invoice(tmp_path, "march", "M-1")))
    assert is_so_within(A_MINUTE, lambda: stack.answers("march.xlsx"))

    assert (len(stack.answers("february.xlsx")), len(stack.app.imports_of("february.xlsx"))) == (1, 1)


def test_a_broken_workbook_is_answered_with_its_tab_and_cell_and_a_marked_copy(stack, mail, tmp_path):
    stack.send(mail(one_invoice(tmp_path, "broken", "B-1", due="when it suits")))

    assert is_so_within(A_MINUTE, lambda: stack.answers("broken.xlsx"))
    (answer,) = stack.answers("broken.xlsx")
    text = answer.get_body(("plain",)).get_content()
    assert "Invoices" in text
    assert "D2" in text
    assert len(parts_of(answer)) == 1
    assert "B-1" not in stack.app.numbers()


def test_a_question_is_answered_by_the_link_of_the_mail_and_then_the_import_applies(stack, mail, tmp_path):
    rows = [["Q-1", "Acme", "03/04/2026", "05/04/2026", Decimal("10.00")]]
    stack.send(mail(workbook(tmp_path, invoices_tab(*rows), name="doubtful.xlsx")))
    assert is_so_within(A_MINUTE, lambda: stack.answers("doubtful.xlsx"))
    (answer,) = stack.answers("doubtful.xlsx")
    (link,) = re.findall(rf"{stack.app.address}/imports/(\d+)", answer.get_body(("plain",)).get_content())[:1]

    asked = stack.app.ask(f"/imports/{link}")["preview"]["questions"]
    answers = {one["id"]: one["choices"][0] for one in asked}
    stack.app.ask(f"/imports/{link}/answers", {"answers": answers}, key="answers-of-ann")

    assert answers
    assert is_so_within(A_MINUTE, lambda: "Q-1" in stack.app.numbers())


def test_an_unknown_sender_changes_nothing_and_is_not_answered(stack, mail, tmp_path):
    uploads = len(stack.proxy.seen)
    stranger = OURS.removeprefix("in")  # a part of our own address is a stranger like any other
    stack.send(mail(one_invoice(tmp_path, "strange", "S-1"), sender=stranger))
    assert is_so_within(A_MINUTE, lambda: any("strange.xlsx" in one for one in stack.proxy.seen[uploads:]))
    stack.send(mail(one_invoice(tmp_path, "april", "A-1")))
    assert is_so_within(A_MINUTE, lambda: stack.answers("april.xlsx"))

    assert stack.app.imports_of("strange.xlsx") == []
    assert [to for to, _ in stack.smtp.mails if to != [ANN]] == []


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("vacation", {"Auto_Submitted": "auto-replied"}),
        ("bulk", {"Precedence": "bulk"}),
        ("list", {"List_Id": "<clerks.example.com>"}),
        ("bounce", {"sender": "MAILER-DAEMON@example.com"}),
        ("ourselves", {"sender": f"Invoices <{OURS}>"}),
    ],
)
def test_mail_of_machines_and_our_own_is_not_even_looked_at(stack, mail, tmp_path, name, headers):
    stack.send(mail(one_invoice(tmp_path, name, "X-1"), **headers))
    stack.send(mail(one_invoice(tmp_path, f"after-{name}", "A-2")))
    assert is_so_within(A_MINUTE, lambda: stack.answers(f"after-{name}.xlsx"))

    assert [one for one in stack.proxy.seen if f"={name}.xlsx" in one] == []


def test_mails_without_a_workbook_or_a_sender_do_not_keep_others_from_being_answered(stack, mail, tmp_path):
    plain, nameless = EmailMessage(), mail(one_invoice(tmp_path, "nameless", "X-2"))
    plain["From"], plain["Subject"] = ANN, "See you on Monday"
    plain.set_content("No workbook here.")
    del nameless["From"]
    for one in (plain, nameless, mail(one_invoice(tmp_path, "behind", "B-2"))):
        stack.send(one)

    assert is_so_within(A_MINUTE, lambda: stack.answers("behind.xlsx"))
    assert [one for one in stack.proxy.seen if "nameless.xlsx" in one] == []


def test_a_figure_in_the_subject_that_does_not_agree_keeps_the_workbook_from_being_applied(stack, mail, tmp_path):
    stack.send(mail(one_invoice(tmp_path, "disagreeing", "D-1"), subject="May, total 12.34"))

    assert is_so_within(A_MINUTE, lambda: stack.answers("disagreeing.xlsx"))
    (answer,) = stack.answers("disagreeing.xlsx")
    assert answer["Subject"] == "disagreeing.xlsx: waits for a decision"
    assert "12.34" in answer.get_body(("plain",)).get_content()
    assert "D-1" not in stack.app.numbers()


def test_a_figure_that_cannot_be_read_is_told_to_the_sender_once(stack, mail, tmp_path):
    path = one_invoice(tmp_path, "unreadable", "U-1")
    for _ in range(2):
        stack.send(mail(path, subject="May, total 1.2.3,4", message_id="<unreadable@mail.example.com>"))
    assert is_so_within(A_MINUTE, lambda: stack.answers("unreadable.xlsx"))
    stack.send(mail(one_invoice(tmp_path, "june", "N-1")))
    assert is_so_within(A_MINUTE, lambda: stack.answers("june.xlsx"))

    (answer,) = stack.answers("unreadable.xlsx")
    assert answer["Subject"] == "unreadable.xlsx was refused"
    assert stack.app.imports_of("unreadable.xlsx") == []


def test_a_refusal_that_cannot_be_sent_keeps_no_other_workbook_of_the_mail_from_being_answered(stack, mail, tmp_path):
    broken = tmp_path / "no-workbook.xlsx"
    broken.write_text("not a workbook")
    good = one_invoice(tmp_path, "good", "G-1")
    both = mail(broken)
    both.add_attachment(good.read_bytes(), maintype="application", subtype="octet-stream", filename=good.name)
    stack.smtp.answer = "550 no such box"
    stack.send(both)
    assert is_so_within(A_MINUTE, lambda: any("=good.xlsx" in one for one in stack.proxy.seen))
    stack.smtp.answer = "250 OK"

    assert is_so_within(A_MINUTE, lambda: stack.answers("good.xlsx"))
    assert stack.answers("no-workbook.xlsx") == []


def test_a_mail_that_comes_while_the_app_is_away_is_answered_once_it_is_back(stack, mail, tmp_path, monkeypatch):
    seen = len(stack.proxy.seen)
    with monkeypatch.context() as away:
        away.setattr(stack.proxy, "app", "http://127.0.0.1:9")
        stack.send(mail(one_invoice(tmp_path, "meanwhile", "W-1")))
        assert is_so_within(A_MINUTE, lambda: len([one for one in stack.proxy.seen[seen:] if "meanwhile" in one]) > 5)

    assert is_so_within(A_MINUTE, lambda: stack.answers("meanwhile.xlsx"))
    assert stack.app.numbers().count("W-1") == 1
