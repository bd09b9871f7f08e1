"""Admins say where events are sent, see the secret once, and see what became of each event."""

import json
import re

import pytest
from support.browser import PASSWORD
from support.records import a_webhook

from app.actions import events as emitted
from app.actions import webhooks as actions
from app.domain.webhooks import EventType
from app.store.access import audit_entries
from app.store.db import tables
from app.store.db.transactions import transaction
from app.store.outbox import endpoints, events


def entry_form(page):
    return next(form for form in page.forms.values() if "url" in form.fields)


def fill_in(page, url="https://hooks.example.com/in", *types):
    form = entry_form(page)
    form["url"], form["description"] = url, "The books"
    for name in types or ["payment.recorded"]:
        form[f"type:{name}"] = True
    return form


def send(browser, path, **form):
    return browser.post(path, {"csrf_token": browser.csrf_token(), **form}, expect_errors=True)


@pytest.fixture
def delivery(browser, user, clock):
    """A delivery to an endpoint that did not take it, given up."""
    endpoint_id = a_webhook()
    with transaction():
        emitted.emit("payment.recorded", "invoice:1", {"reference": "<b>R-1</b>"}, now=clock())
    claimed = actions.claim_next(clock(), set())
    actions.not_delivered(claimed, "410 Gone\nno <more>", clock(), is_gone=True)
    endpoints.switch(endpoint_id, active=True)
    return events.deliveries()[0]


def test_where_there_is_no_webhook_the_page_says_what_one_is_for(browser):
    page = browser.get("/webhooks")

    assert "There are no webhooks yet." in page
    assert page.html.find("main").find("a", href="/guide#webhooks")


def test_the_page_of_automation_leads_to_webhooks(browser):
    assert browser.get("/automation").html.find("main").find("a", href="/webhooks")


def test_a_new_webhook_shows_its_secret_once(stepped_up):
    page = fill_in(stepped_up.get("/webhooks")).submit()

    secret = page.html.find(id="secret")["value"]
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    assert secret not in stepped_up.get("/webhooks").text + stepped_up.get("/webhooks/1").text
    [endpoint] = endpoints.all_endpoints()
    assert endpoint.facts.types == {EventType.PAYMENT_RECORDED}
    assert endpoint.made_by == "Ann"


def test_each_type_of_event_can_be_chosen(browser):
    names = {name for name in entry_form(browser.get("/webhooks")).fields if name and name.startswith("type:")}

    assert names == {f"type:{one}" for one in EventType}


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://hooks.example.com/", "The address must begin with https://"),
        ("https://169.254.169.254/latest", "This address is not on the internet"),
        ("https://localhost/", "This address is not on the internet"),
        ("n8n", "This is not an address such as https://example.com/webhook."),
        ("", "Please fill this in."),
    ],
)
def test_an_address_to_which_nothing_is_sent_is_refused_beside_its_field(stepped_up, url, sentence):
    page = fill_in(stepped_up.get("/webhooks"), url).submit(expect_errors=True)

    assert sentence in page.html.find(id="url-error").text
    assert endpoints.all_endpoints() == []


def test_a_webhook_without_events_is_refused_and_what_was_typed_stays(stepped_up):
    form = entry_form(stepped_up.get("/webhooks"))
    form["url"] = "https://hooks.example.com/"

    page = form.submit(expect_errors=True)

    assert "Choose at least one" in page.html.find(id="types-error").text
    assert entry_form(page)["url"].value == "https://hooks.example.com/"


def test_a_webhook_is_changed_and_its_history_says_what(stepped_up):
    a_webhook(types=[EventType.PAYMENT_RECORDED])

    fill_in(stepped_up.get("/webhooks/1"), "https://other.example.com/", "import.applied").submit()

    facts = endpoints.existing(1).facts
    assert facts.url == "https://other.example.com/"
    assert facts.types == {EventType.PAYMENT_RECORDED, EventType.IMPORT_APPLIED}
    assert "edited webhook https://other.example.com/" in stepped_up.get("/audit?subject=webhook:1").html.text.replace(
        "\n", " "
    )


def test_a_webhook_is_switched_off_and_on(stepped_up):
    a_webhook()

    page = send(stepped_up, "/webhooks/1/off").follow()
    assert "What happens while it is off is not sent to it later" in page
    assert not endpoints.existing(1).active

    send(stepped_up, "/webhooks/1/on")
    assert endpoints.existing(1).active
    assert [entry.action for entry in audit_entries.of_subject("webhook:1")] == [
        "webhook.switched_on",
        "webhook.switched_off",
    ]


def test_a_page_says_why_an_endpoint_was_switched_off(browser):
    a_webhook(active=False, off_because="The endpoint answered 410: it wants no more.")

    assert "The endpoint answered 410: it wants no more." in browser.get("/webhooks/1")


def test_another_secret_is_shown_once_and_the_one_before_signs_for_a_day(stepped_up):
    a_webhook()

    page = send(stepped_up, "/webhooks/1/secret")

    assert page.html.find(id="secret")["value"] != "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert "24 hours the secret before signs, too" in page
    assert tables.WebhookEndpointModel.get().old_secret == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_webhook_is_removed_with_its_deliveries(stepped_up, delivery):
    send(stepped_up, "/webhooks/1/remove")

    assert (endpoints.all_endpoints(), events.deliveries()) == ([], [])
    assert stepped_up.get("/webhooks/1", expect_errors=True).status_int == 404


def test_no_secret_stands_in_the_audit(stepped_up):
    secrets = [fill_in(stepped_up.get("/webhooks")).submit().html.find(id="secret")["value"]]
    secrets.append(send(stepped_up, "/webhooks/1/secret").html.find(id="secret")["value"])
    send(stepped_up, "/webhooks/1/remove")

    told = "".join(f"{row.before}{row.after}" for row in tables.AuditEntryModel.select())
    assert "hooks.example.com" in told
    assert not [secret for secret in secrets if secret in told]


def test_a_password_that_is_wrong_for_one_action_leaves_the_others_shut(browser):
    a_webhook()

    page = send(browser, "/webhooks/1/remove", current="wrong horse battery")

    assert page.status_int == 422
    assert page.html.select_one("#remove").has_attr("open")
    assert not page.html.select_one("#off").has_attr("open")
    assert endpoints.all_endpoints()


def test_the_password_in_the_form_is_enough(browser):
    form = fill_in(browser.get("/webhooks"))
    form["current"] = PASSWORD

    assert form.submit().html.find(id="secret")


def test_a_test_event_goes_to_the_one_webhook(browser):
    a_webhook()
    a_webhook()

    page = send(browser, "/webhooks/2/test").follow()

    assert "A test event is on its way." in page
    assert [(one.type, one.endpoint_id) for one in events.deliveries()] == [("webhook.test", 2)]


def test_to_a_webhook_that_is_off_no_test_event_is_sent(browser):
    a_webhook(active=False)

    assert "This webhook is off: switch it on to send a test event." in send(browser, "/webhooks/1/test")
    assert events.deliveries() == []


def test_before_anything_was_sent_the_list_says_so(browser):
    assert "Nothing was sent yet." in browser.get("/webhooks/deliveries")


@pytest.mark.parametrize(("state", "shown"), [("", True), ("failed", True), ("waiting", False), ("delivered", False)])
def test_deliveries_are_listed_by_their_state(browser, delivery, state, shown):
    page = browser.get("/webhooks/deliveries", {"state": state} if state else {})

    assert bool(page.html.find("a", string="payment.recorded")) is shown
    assert ("Nothing matches." in page) is not shown


def test_older_deliveries_are_on_the_next_page(browser, delivery, clock, monkeypatch):
    monkeypatch.setattr(events, "PAGE_LENGTH", 1)
    with transaction():
        emitted.emit("payment.recorded", "invoice:2", {}, now=clock())

    first = browser.get("/webhooks/deliveries")
    second = first.click("Older")

    links = [re.findall(r"/webhooks/deliveries/(\d+)", page.text) for page in (first, second)]
    assert links == [["2"], ["1"]]


def test_a_delivery_shows_the_event_and_the_last_answer(browser, delivery):
    page = browser.get("/webhooks/deliveries/1")

    told = [" ".join(one.text.split()) for one in page.html.select("p.facts__text")]
    assert told[0] == "410 Gone no <more>"
    assert json.loads(told[1])["data"] == {"reference": "<b>R-1</b>"}
    assert "<b>R-1</b>" not in page.text


def test_send_again_keeps_the_id(browser, delivery):
    page = next(
        form for form in browser.get("/webhooks/deliveries/1").forms.values() if "again" in form.action
    ).submit()

    assert "It is sent again, under the same id." in page.follow()
    [again] = events.deliveries()
    assert (again.event_id, again.state, again.tries) == (delivery.event_id, "waiting", 0)


def test_what_still_waits_cannot_be_sent_again(browser, delivery):
    send(browser, "/webhooks/deliveries/1/again")

    assert "This delivery has not ended yet" in send(browser, "/webhooks/deliveries/1/again")


def test_a_delivery_that_is_gone_says_how_long_they_are_kept(browser):
    assert "delivered ones are kept for 30 days" in browser.get("/webhooks/deliveries/9", expect_errors=True)
