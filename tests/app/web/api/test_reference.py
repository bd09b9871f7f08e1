"""What is said of the API: the document for programs, the page for people."""


def test_the_document_names_every_operation_and_nothing_else(app, stranger):
    document = stranger.get("/api/v1/openapi.json").json

    named = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    routed = {
        (route.method, route.rule.removeprefix("/api/v1").replace("<", "{").replace(":id>", "}"))
        for route in app.routes
        if "/api/v1/" in route.rule
    }
    assert named == routed - {("GET", "/openapi.json")}
    assert document["openapi"] == "3.1.0"


def test_the_document_says_what_the_code_checks(stranger):
    document = stranger.get("/api/v1/openapi.json").json

    entry = document["components"]["schemas"]["InvoiceEntry"]
    assert entry["additionalProperties"] is False
    assert entry["properties"]["number"]["maxLength"] == 60
    assert entry["properties"]["total_cents"]["maximum"] == 999_999_999_999
    limit = next(one for one in document["paths"]["/invoices"]["get"]["parameters"] if one["name"] == "limit")
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}


def test_the_page_tells_each_operation_and_each_problem(app, browser):
    page = browser.get("/api")

    assert "POST /api/v1/payments/{payment_id}/void" in page
    assert page.html.select_one("#version-required").get_text(" ", strip=True) == (
        "428 /api#version-required Say which version is to be changed"
    )
    assert not page.html.select("main script")


def test_every_link_of_the_page_leads_somewhere(browser):
    html = browser.get("/api").html

    ids = {element["id"] for element in html.select("[id]")}
    assert [link["href"] for link in html.select('main a[href^="#"]') if link["href"][1:] not in ids] == []
