"""Admins invite users, say what they may do and see, and keep them out."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from support.browser import Browser
from support.records import LONG_AGO, a_customer, a_user, an_import, an_invoice

from app.actions import api_tokens as token_actions
from app.actions import second_factors
from app.domain.permissions import Role, Scope, TokenRight
from app.jobs.job_queue import open_queue
from app.store.access import users
from app.store.access.api_tokens import TokenFacts
from app.store.db import tables
from app.store.outbox import link_mails
from app.web.application import build


@pytest.fixture
def browser(stepped_up):
    return stepped_up


@pytest.fixture
def bob(user):
    return a_user("bob@example.com", Role.ACCOUNTANT, "Bob", users.password_hash_of(user.id))


def user_form(page):
    return next(form for form in page.forms.values() if "role" in form.fields)


def posted_from(page, action):
    return next(form for form in page.forms.values() if form.action == action).submit()


def test_everybody_is_listed_with_what_they_see(browser, bob):
    acme = a_customer("C1", "Acme")
    users.set_scope(bob.id, Scope(frozenset({acme.id}), frozenset({"2025"})))

    page = browser.get("/users")

    assert "ann@example.com" in page
    assert "Acme and the ledger 2025" in page


def test_only_admins_find_the_users(app, bob):
    accountant = Browser(app)
    accountant.sign_in("bob@example.com")

    assert accountant.get("/users", expect_errors=True).status_int == 403
    assert "/users" not in accountant.get("/")


def test_who_is_invited_chooses_a_password_by_the_link_and_signs_in(app, browser):
    form = user_form(browser.get("/users/new"))
    form["email"], form["role"] = "eve@example.com", "viewer"
    link = form.submit().html.find(id="link")["value"]

    newcomer = Browser(app)
    choose = newcomer.get(link.removeprefix("http://localhost:80")).forms[0]
    for name in choose.fields:
        if name and name.startswith("password"):
            choose[name] = "a long enough secret"
    assert "Your password is set." in choose.submit().follow()
    assert newcomer.get("/account").status_int == 200


def test_a_link_that_is_shown_once_can_be_copied(browser, bob):
    page = posted_from(browser.get(f"/users/{bob.id}"), f"/users/{bob.id}/link")

    button = page.html.find("button", attrs={"data-copies": "link"})
    assert button.has_attr("hidden")  # it needs JavaScript; without it the field is selected


@pytest.fixture
def with_mail(settings, clock, user):
    """The browser of an admin of an app that has a mail server."""
    mailing = settings.model_copy(update={"smtp_url": "smtp://mail.example", "mail_from": "a@b.example"})
    other = Browser(build(mailing, clock))
    other.sign_in()
    tables.LoginModel.update(stepped_up_at=clock()).execute()
    return other


def test_an_invitation_is_mailed_where_mail_is_set_up(with_mail):
    form = user_form(with_mail.get("/users/new"))
    form["email"], form["role"] = "eve@example.com", "viewer"

    page = form.submit().follow()

    assert "An invitation is on its way to eve@example.com." in page
    assert [(mail.email, mail.purpose) for mail in link_mails.unsent(LONG_AGO)] == [("eve@example.com", "invite")]
    (waiting,) = open_queue().storage.enqueued_items()
    assert b"send_links" in waiting


def test_an_invitation_that_is_refused_is_not_mailed(with_mail, bob):
    form = user_form(with_mail.get("/users/new"))
    form["email"], form["role"] = bob.email, "viewer"

    form.submit(expect_errors=True)

    assert link_mails.unsent(LONG_AGO) == []


def test_an_invitation_that_is_not_to_be_mailed_is_a_link(with_mail):
    form = user_form(with_mail.get("/users/new"))
    form["email"], form["role"], form["by_mail"] = "eve@example.com", "viewer", False

    assert form.submit().html.find(id="link")


def test_five_customers_are_chosen_at_once(browser, bob):
    ids = {a_customer(f"C{number}", f"Customer {number}").id for number in range(5)}
    form = user_form(browser.get(f"/users/{bob.id}"))
    form["sees"] = "some"
    for number, name in enumerate(["customer", "customer_2", "customer_3", "customer_4", "customer_5"]):
        form[name] = f"C{number}"

    form.submit()

    assert users.get(bob.id).scope == Scope(frozenset(ids))


def test_an_address_without_an_at_is_refused_and_stays(browser):
    form = user_form(browser.get("/users/new"))
    form["email"], form["role"] = "eve", "viewer"

    page = form.submit(expect_errors=True)

    assert page.status_int == 422
    assert "Please write an e-mail address." in page
    assert user_form(page)["email"].value == "eve"


def test_an_address_that_is_taken_is_refused(browser, bob):
    form = user_form(browser.get("/users/new"))
    form["email"], form["role"] = "bob@example.com", "viewer"

    assert "There is already a user with the e-mail address bob@example.com." in form.submit(expect_errors=True)


def test_a_role_must_be_chosen(browser):
    form = user_form(browser.get("/users/new"))
    form["email"] = "eve@example.com"

    assert "Please choose a role." in form.submit(expect_errors=True)


def test_a_user_is_narrowed_to_a_customer_and_a_ledger(browser, bob):
    acme = a_customer("C1", "Acme")
    an_invoice("1", acme, ledger="2025")
    form = user_form(browser.get(f"/users/{bob.id}"))
    form["sees"], form["customer"], form["ledger:2025"] = "some", "Acme (C1)", True

    form.submit()

    assert users.get(bob.id).scope == Scope(frozenset({acme.id}), frozenset({"2025"}))


def test_a_ledger_that_there_is_not_gets_into_no_scope(browser, bob):
    an_invoice(ledger="2025")
    page = browser.get(f"/users/{bob.id}")
    fields = dict(user_form(page).submit_fields()) | {"sees": "some"}

    refused = browser.post(f"/users/{bob.id}", fields | {"ledger:" + "x" * 300: "yes"}, expect_errors=True)

    assert "Choose a ledger or a customer: the user would see nothing." in refused


def test_a_customer_is_taken_out_of_a_scope_by_its_box(browser, bob):
    acme, globex = a_customer("C1", "Acme"), a_customer("C2", "Globex")
    users.set_scope(bob.id, Scope(frozenset({acme.id, globex.id})))
    form = user_form(browser.get(f"/users/{bob.id}"))
    form[f"customer:{acme.id}"] = False

    form.submit()

    assert users.get(bob.id).scope == Scope(frozenset({globex.id}))


def test_a_scope_of_nothing_is_refused(browser, bob):
    form = user_form(browser.get(f"/users/{bob.id}"))
    form["sees"] = "some"

    page = form.submit(expect_errors=True)

    assert "Choose a ledger or a customer: the user would see nothing." in page
    assert users.get(bob.id).scope.is_everything


def test_a_customer_that_is_not_there_is_refused(browser, bob):
    form = user_form(browser.get(f"/users/{bob.id}"))
    form["sees"], form["customer"] = "some", "Nobody"

    assert "There is no such customer: choose one of the list." in form.submit(expect_errors=True)


def test_the_last_admin_is_told_why_they_stay_one(browser, user):
    form = user_form(browser.get(f"/users/{user.id}"))
    form["role"] = "viewer"

    page = form.submit(expect_errors=True)

    assert page.status_int == 409
    assert "This is the last active admin who sees everything: make somebody else one first." in page


def test_who_is_kept_out_is_out_at_their_next_click(app, browser, bob):
    other = Browser(app)
    other.sign_in("bob@example.com")

    posted_from(browser.get(f"/users/{bob.id}"), f"/users/{bob.id}/deactivate")

    assert other.get("/").status_int == 303
    assert other.sign_in("bob@example.com").status_int == 422


def test_who_is_let_in_again_can_sign_in(app, browser, bob):
    posted_from(browser.get(f"/users/{bob.id}"), f"/users/{bob.id}/deactivate")

    posted_from(browser.get(f"/users/{bob.id}"), f"/users/{bob.id}/activate")

    assert Browser(app).sign_in("bob@example.com").status_int == 303


def a_token(user, clock):
    token_actions.create(TokenFacts("n8n", frozenset({TokenRight.READ}), None), user, clock())


def test_an_admin_finds_the_tokens_of_a_user_that_count(browser, bob, clock):
    a_token(bob, clock)
    a_token(bob, clock)

    assert browser.get(f"/users/{bob.id}").html.find("dd", string="2").a["href"] == "/tokens"


def test_who_keeps_a_user_out_is_told_that_tokens_and_links_end(browser, bob):
    page = posted_from(browser.get(f"/users/{bob.id}"), f"/users/{bob.id}/deactivate").follow()

    sentence = (
        "bob@example.com is signed out and may no longer sign in; passkeys, tokens and links of theirs no longer count."
    )
    assert sentence in page


def test_who_resets_a_second_factor_is_told_of_the_tokens_that_still_count(browser, bob, clock):
    second_factors.enable(bob, "SECRET", 1, [], clock())
    a_token(bob, clock)

    page = posted_from(browser.get(f"/users/{bob.id}"), f"/users/{bob.id}/second-factor").follow()

    assert "1 token still counts: revoke on the page of tokens what may be in wrong hands." in page


def test_a_link_is_shown_once(browser, bob):
    page = posted_from(browser.get(f"/users/{bob.id}"), f"/users/{bob.id}/link")

    assert "/set-password?token=" in page.html.find(id="link")["value"]
    assert "token=" not in browser.get(f"/users/{bob.id}")


def test_a_scoped_user_is_told_so_on_the_dashboard(app, bob):
    acme = a_customer("C1", "Acme")
    an_invoice("1", acme)
    users.set_scope(bob.id, Scope(frozenset({acme.id})))
    scoped = Browser(app)
    scoped.sign_in("bob@example.com")

    assert "You see Acme: every figure, list and export is of that alone." in scoped.get("/")


def test_who_sees_everything_is_told_nothing_of_scopes(browser):
    assert "You see" not in browser.get("/")


def test_no_page_tells_a_scoped_user_of_what_is_another_s(app, bob):
    own, other = a_customer("OWN", "Own Customer"), a_customer("OTHER-CODE", "Zebra Ltd", notes="Zebra notes")
    an_invoice("OWN-1", own, ledger="Own ledger")
    an_invoice("OTHER-1", other, ledger="Zebra ledger", currency="CHF", total_cents=7_777_77)
    users.set_scope(bob.id, Scope(frozenset({own.id})))
    scoped = Browser(app)
    scoped.sign_in("bob@example.com")

    told = [
        (path, secret)
        for path in _addresses(app)
        for secret in ("OTHER", "Zebra", "7,777.77", "CHF")
        if secret in _text_of(scoped.get(path, expect_errors=True))
    ]

    assert told == []


def test_who_may_not_see_imports_is_not_told_the_names_of_their_files(app, bob):
    own = a_customer()
    users.set_scope(bob.id, Scope(frozenset({own.id})))
    brought = an_import("secret-name.xlsx")
    scoped = Browser(app)
    scoped.sign_in("bob@example.com")

    assert "secret-name" not in scoped.get(f"/invoices?import={brought.id}")


def _text_of(answer):
    if "spreadsheet" not in answer.headers.get("Content-Type", ""):  # a redirect has none
        return answer.text
    with ZipFile(BytesIO(answer.body)) as workbook:
        return "".join(workbook.read(name).decode() for name in workbook.namelist() if name.endswith(".xml"))


def _addresses(app):
    for route in app.routes:
        if route.method == "GET" and not route.rule.startswith(("/static", "/components", "/help", "/api")):
            path = route.rule.replace("<kind:re:xlsx|csv>", "csv")
            yield from (path.replace(f"<{name}:id>", "2") for name in _names(path)) if "<" in path else [path]


def _names(path):
    return [part.split(":")[0] for part in path.split("<")[1:]]


def test_a_program_is_marked_and_gets_no_link_to_choose_a_password(browser):
    program = a_user(users.AUTOMATION_EMAIL, Role.ACCOUNTANT, "Automation", users.HASH_OF_NONE)

    page = browser.get(f"/users/{program.id}")

    assert "Program, cannot sign in" in page
    assert "Make a link to choose a password" not in page
    assert "Program, cannot sign in" in browser.get("/users")
