"""Our node for n8n, in a workflow that a user might build."""

import json
import re
from urllib.error import HTTPError

import pytest
from support.n8n import ROOT

NODES = ROOT / "stack/n8n/nodes"
WORKFLOWS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "stack/n8n/workflows").glob("*.json")}


def test_the_workflows_have_the_ids_that_the_rest_of_the_stack_knows():
    assert {name: one["id"] for name, one in WORKFLOWS.items()} == {name: name for name in WORKFLOWS}
    assert sorted(WORKFLOWS) == [
        "invoices-folder", "invoices-inbox", "invoices-month-end", "invoices-overdue-digest", "invoices-payments-in",
    ]  # fmt: skip


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_says_what_it_does_and_holds_neither_code_nor_the_environment(name):
    kinds = {node["type"] for node in WORKFLOWS[name]["nodes"]}

    assert "n8n-nodes-base.stickyNote" in kinds
    assert not kinds & {"n8n-nodes-base.code", "n8n-nodes-base.function", "n8n-nodes-base.executeCommand"}
    assert "$env" not in json.dumps(WORKFLOWS[name])


@pytest.mark.parametrize("name", WORKFLOWS)
def test_whatever_a_workflow_asks_of_others_is_asked_again_or_has_a_way_for_its_failure(name):
    asks = {"n8n-nodes-base.httpRequest", "n8n-nodes-base.ftp", "n8n-nodes-base.emailSend", "CUSTOM.invoices"}
    asking = [node for node in WORKFLOWS[name]["nodes"] if node["type"] in asks]

    assert asking
    assert [node["name"] for node in asking if not node.get("retryOnFail") and "onError" not in node] == []


def test_the_package_names_the_files_that_it_has():
    package = json.loads((NODES / "package.json").read_text())
    named = [*package["n8n"]["credentials"], *package["n8n"]["nodes"]]

    assert sorted(named) == sorted(
        str(path.relative_to(NODES)) for path in [*NODES.rglob("*.credentials.js"), *NODES.rglob("*.node.js")]
    )


def test_the_node_asks_the_api_for_nothing_that_it_does_not_have(stack):
    has = set(stack.app.ask("/openapi.json")["paths"])
    text = (NODES / "nodes/Invoices/Invoices.node.js").read_text()
    asked = {
        re.sub(r"\{\{ \$parameter\.(\w+) \}\}", r"{\1}", url).removeprefix("=")
        for url in re.findall(r"url: '([^']+)'", text)
    }
    shapes = {re.sub(r"\{\w+\}", "{}", path).removeprefix("/api/v1") for path in has}

    assert {one for one in asked if "/digests" not in one and re.sub(r"\{\w+\}", "{}", one) not in shapes} == set()


@pytest.fixture
def result_of(stack):
    """Run a workflow of a user with our node, and return what it prints."""

    def run(identifier, **parameters):
        credential = {"invoicesApi": {"id": "invoices-api", "name": "Invoices API"}}
        workflow = {
            "id": identifier, "name": identifier, "active": False, "settings": {"executionOrder": "v1"},
            "nodes": [
                {"id": "1", "name": "Start", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1,
                 "position": [0, 0], "parameters": {}},
                {"id": "2", "name": "Invoices", "type": "CUSTOM.invoices", "typeVersion": 1, "position": [200, 0],
                 "parameters": parameters, "credentials": credential},
            ],
            "connections": {"Start": {"main": [[{"node": "Invoices", "type": "main", "index": 0}]]}},
        }  # fmt: skip
        path = stack.n8n.folder / f"{identifier}.json"
        path.write_text(json.dumps(workflow))
        stack.n8n.command("import:workflow", f"--input={path}")
        return stack.execute(identifier)

    return run


def test_a_workflow_of_a_user_lists_what_is_open_with_our_node(stack, result_of):
    before = len(stack.proxy.seen)

    result_of("listing", resource="invoice", operation="list", limit=5, filters={"status": "outstanding"})

    assert [one for one in stack.proxy.seen[before:] if "/invoices?" in one] == [
        "GET /api/v1/invoices?limit=5&status=outstanding"
    ]


@pytest.mark.parametrize("operation", ["get", "getMarkedCopy"])
def test_what_the_api_refuses_is_said_by_the_node_in_the_sentence_of_the_api(stack, result_of, operation):
    with pytest.raises(HTTPError) as refused:
        stack.app.ask("/imports/999999" + ("/marked" if operation == "getMarkedCopy" else ""))

    sentence = json.load(refused.value)["detail"]
    assert sentence in result_of(f"import-{operation}", resource="import", operation=operation, id=999_999)
