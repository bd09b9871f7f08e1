"""The five values that a stack cannot do without: asked for, checked, and kept in Pulumi.STACK.yaml one by one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml
from rich.console import Console

from infra.settings import InfraSettings, InfraSettingsError
from playbooks.steps.own_networks import SERVICES, own_networks
from playbooks.steps.session import RefusedError

REGION = "aws:region"
_PREFIX = "invoices:"
# Those that SSH, and `fab`, try by themselves.
_KEY_FILES = ("id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub")
_YES = {"y", "yes"}


class Configuration:
    """The file; each value is written at once, as what follows may fail."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
        except (OSError, yaml.YAMLError) as error:
            raise RefusedError(f"{path.name} cannot be read: {error}.") from error
        self._document: dict[str, Any] = found if isinstance(found, dict) else {}
        self._values: dict[str, Any] = self._document.setdefault("config", {}) or {}
        self._document["config"] = self._values

    @property
    def region(self) -> str:
        return str(self._values.get(REGION) or "")

    def get(self, key: str) -> str:
        return str(self._values.get(_name(key)) or "")

    def has(self, key: str) -> bool:
        return bool(self._values.get(_name(key)))

    def mistake(self, key: str, value: object) -> str:
        """Return what is wrong with the value, empty if nothing is."""
        values = {**self._values, _name(key): value}
        ours = {name.removeprefix(_PREFIX): one for name, one in values.items() if name.startswith(_PREFIX)}
        try:
            InfraSettings.read(ours, str(values.get(REGION) or ""))
        except InfraSettingsError as error:
            return next((one for one in error.mistakes if one.startswith(f"{key}:")), "")
        return ""

    def set(self, key: str, value: object) -> None:
        self._values[_name(key)] = value
        partial = self.path.with_name(f"{self.path.name}.new")
        partial.write_text(yaml.safe_dump(self._document, sort_keys=False, width=1000), encoding="utf-8")
        partial.replace(self.path)


@dataclass(frozen=True, slots=True)
class SettingPrompt:
    """`read` makes the value of what was typed; `suggested` asks the machine, and may ask the operator first."""

    key: str
    option: str
    words: str
    read: Callable[[str], object] = str
    suggested: Callable[[Console], str] = lambda _console: ""


def complete(configuration: Configuration, given: Mapping[str, str], console: Console) -> None:
    """Take what was given as options, and ask for what the file lacks and has to have; raises RefusedError."""
    for question in PROMPTS:
        if text := given.get(question.option):
            value = question.read(text)
            if mistake := configuration.mistake(question.key, value):
                raise RefusedError(f"--{question.option}: {mistake}")
            configuration.set(question.key, value)
        elif not configuration.has(question.key) and configuration.mistake(question.key, None):
            configuration.set(question.key, _asked(question, configuration, console))


def _asked(question: SettingPrompt, configuration: Configuration, console: Console) -> object:
    try:
        suggested = question.suggested(console)
        prompt = f"{question.words}{f' [{suggested}]' if suggested else ''}: "
        while True:
            value = question.read(console.input(prompt, markup=False).strip() or suggested)
            mistake = configuration.mistake(question.key, value)
            if not mistake and value:
                return value
            console.print(mistake or "A value is needed.", markup=False)
    except EOFError as error:
        raise RefusedError(
            f"{question.key} is missing: give --{question.option}, or write it into {configuration.path.name}."
        ) from error


def _region(_console: Console) -> str:
    return boto3.session.Session().region_name or "us-east-1"


def _public_key(console: Console) -> str:
    """Return the first of the usual keys of this account, by its file."""
    found = [name for name in _KEY_FILES if (_ssh_folder() / name).exists()]
    if not found:
        console.print("There is no SSH key in ~/.ssh: `ssh-keygen -t ed25519` makes one, in another terminal.")
    return f"~/.ssh/{found[0]}" if found else "~/.ssh/id_ed25519.pub"


def _ssh_folder() -> Path:
    return Path("~/.ssh").expanduser()


def _key_of(text: str) -> str:
    """Return the key itself, where a file with it is named."""
    path = Path(text).expanduser()
    if text.startswith(("ssh-", "ecdsa-")) or not path.is_file():
        return text
    return path.read_text(encoding="utf-8").strip()


def _networks(console: Console) -> str:
    allowed = console.input(f"May {' and '.join(SERVICES)} be asked for your public address? [y/N] ", markup=False)
    return ", ".join(own_networks()) if allowed.strip().lower() in _YES else ""


def _list_of(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _name(key: str) -> str:
    return key if key == REGION else f"{_PREFIX}{key}"


PROMPTS = (
    SettingPrompt(REGION, "region", "The AWS region to rent in", suggested=_region),
    SettingPrompt("domain", "domain", "The name that users will type, such as invoices.example.com"),
    SettingPrompt(
        "sshCidrs", "network", "The networks you work from, the only ones that SSH is answered to",
        _list_of, _networks,
    ),
    SettingPrompt("sshPublicKey", "public-key", "Your public SSH key, or its file", _key_of, _public_key),
    SettingPrompt("alertEmail", "alert-email", "The e-mail address that alarms go to"),
)  # fmt: skip
