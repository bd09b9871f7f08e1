"""What a stack cannot do without is asked for once, checked at once, and kept at once."""

import io

import pytest
import yaml
from rich.console import Console

from playbooks.steps import configuration as module
from playbooks.steps.configuration import Configuration, complete
from playbooks.steps.session import RefusedError

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGUtcHVibGljLWtleS1vZi10aGUtb3BlcmF0 operator"
GIVEN = {
    "region": "eu-central-1", "domain": "invoices.example.com", "network": "203.0.113.7/32, 2001:db8::/64",
    "public-key": KEY, "alert-email": "you@example.com",
}  # fmt: skip
WRITTEN = {
    "aws:region": "eu-central-1", "invoices:domain": "invoices.example.com",
    "invoices:sshCidrs": ["203.0.113.7/32", "2001:db8::/64"], "invoices:sshPublicKey": KEY,
    "invoices:alertEmail": "you@example.com",
}  # fmt: skip


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_ssh_folder", lambda: tmp_path)
    monkeypatch.setattr(module, "own_networks", lambda: ["203.0.113.7/32"])
    return tmp_path / "Pulumi.prod.yaml"


@pytest.fixture
def typed(monkeypatch):
    """Type one line for each question, then no more; return what was asked."""
    asked = []

    def prepared(*lines):
        left = iter(lines)

        def answer(_console, prompt, **_options):
            asked.append(prompt)
            try:
                return next(left)
            except StopIteration:
                raise EOFError from None

        monkeypatch.setattr("rich.console.Console.input", answer)
        return asked

    return prepared


def completed(path, given=GIVEN):
    said = io.StringIO()
    complete(Configuration(path), given, Console(file=said, width=160))
    return said.getvalue()


def values(path):
    return yaml.safe_load(path.read_text())["config"]


def test_what_is_given_as_options_is_written_without_a_question(path, typed):
    asked = typed()

    completed(path)

    assert (values(path), asked) == (WRITTEN, [])


def test_what_the_file_has_is_not_asked_for_and_stays(path, typed):
    path.write_text(yaml.safe_dump({"encryptionsalt": "v1:x", "config": WRITTEN | {"invoices:bundle": "large_3_0"}}))
    asked = typed()

    completed(path, {})

    assert yaml.safe_load(path.read_text()) == {
        "encryptionsalt": "v1:x", "config": WRITTEN | {"invoices:bundle": "large_3_0"},
    }  # fmt: skip
    assert asked == []


def test_what_is_missing_is_asked_for(path, typed):
    asked = typed("Invoices", "invoices.example.com")

    said = completed(path, {name: text for name, text in GIVEN.items() if name != "domain"})

    assert values(path) == WRITTEN
    assert asked == ["The name that users will type, such as invoices.example.com: "] * 2
    assert "domain: 'Invoices' is not a domain name in small letters" in said


def test_what_was_typed_before_something_failed_is_not_asked_for_again(path, typed):
    typed("eu-central-1", "invoices.example.com")
    with pytest.raises(RefusedError) as error:
        completed(path, {})

    assert str(error.value) == "sshCidrs is missing: give --network, or write it into Pulumi.prod.yaml."
    assert values(path) == {"aws:region": "eu-central-1", "invoices:domain": "invoices.example.com"}


def test_without_alarms_nobody_is_asked_where_they_go(path, typed):
    path.write_text(yaml.safe_dump({"config": {"invoices:monitoring": "off"}}))
    asked = typed()

    completed(path, {name: text for name, text in GIVEN.items() if name != "alert-email"})

    assert ("invoices:alertEmail" in values(path), asked) == (False, [])


def test_the_public_address_is_asked_for_only_with_consent(path, typed):
    given = {name: text for name, text in GIVEN.items() if name != "network"}
    asked = typed("n", "198.51.100.0/24")
    completed(path, given)
    assert values(path)["invoices:sshCidrs"] == ["198.51.100.0/24"]
    assert asked[1] == "The networks you work from, the only ones that SSH is answered to: "

    path.unlink()
    typed("y", "")
    completed(path, given)
    assert values(path)["invoices:sshCidrs"] == ["203.0.113.7/32"]


def test_the_key_in_the_usual_place_is_suggested_and_read(path, typed, tmp_path):
    (tmp_path / "id_ed25519.pub").write_text(f"{KEY}\n")
    asked = typed(str(tmp_path / "id_ed25519.pub"))

    completed(path, {name: text for name, text in GIVEN.items() if name != "public-key"})

    assert asked == ["Your public SSH key, or its file [~/.ssh/id_ed25519.pub]: "]
    assert values(path)["invoices:sshPublicKey"] == KEY


@pytest.mark.parametrize(
    ("option", "text", "sentence"),
    [
        ("network", "0.0.0.0/0", "--network: sshCidrs: '0.0.0.0/0' is everybody; name the networks you work from."),
        ("alert-email", "you", "--alert-email: alertEmail: 'you' is not an e-mail address."),
        ("public-key", "nothing.pub", "--public-key: sshPublicKey: this is not a public SSH key: 'nothing.pub'."),
    ],
)
def test_a_wrong_option_is_refused_by_its_name_and_not_written(path, option, text, sentence):
    with pytest.raises(RefusedError) as error:
        completed(path, GIVEN | {option: text})

    assert str(error.value) == sentence
    assert text not in path.read_text()


def test_a_file_that_is_no_yaml_is_named(path):
    path.write_text("config: [")

    with pytest.raises(RefusedError, match=r"^Pulumi\.prod\.yaml cannot be read"):
        completed(path)
