"""What a page is made of, as far as a walk needs it: its links, forms, headings, ids and labels."""

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

_WITHOUT_LABEL = {"hidden", "submit", "button", "image", "reset"}
_VOID = set("area base br col embed hr img input link meta source track wbr".split())


@dataclass
class Form:
    """`fields` are what a browser would send as it stands; `choices` are the named buttons that send it."""

    action: str
    method: str
    is_upload: bool = False
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: list[tuple[str, str, str]] = field(default_factory=list)
    unticked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def sent_names(self) -> list[str]:
        return [name for name, _ in self.fields]

    def ticked(self) -> "Form":
        """Return the form with all its boxes ticked."""
        return replace(self, fields=self.fields + [(name, value) for name, value in self.unticked], unticked=[])


def without_numbers(name: str) -> str:
    """Return the name of a field that there is once for each row, or for each invoice, without the number of that."""
    return re.sub(r"\d+", "1", name)


class PageParts(HTMLParser):
    """Read by `PageParts.of(text)`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lang, self.title, self.h1s = "", "", 0
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.forms: list[Form] = []
        self.inline: list[str] = []
        self._controls: list[tuple[dict[str, str], bool]] = []
        self._labelled: set[str] = set()
        self._by_id: dict[str, Form] = {}
        self._waiting: list[tuple[str, str, dict[str, str], list[tuple[str, bool]], list[str]]] = []
        self._open: list[str] = []
        self._form: Form | None = None
        self._select: tuple[dict[str, str], list[tuple[str, bool]]] | None = None
        self._textarea: tuple[dict[str, str], list[str]] | None = None

    @classmethod
    def of(cls, text: str) -> "PageParts":
        parts = cls()
        parts.feed(text)
        parts.close()
        for owner, tag, values, options, typed in parts._waiting:
            if owner in parts._by_id:
                parts._add(parts._by_id[owner], tag, values, options, "".join(typed))
        return parts

    def unlabelled(self) -> list[str]:
        return [
            f"{values.get('name') or values.get('id') or values}"
            for values, is_within_label in self._controls
            if not is_within_label
            and not values.get("aria-label")
            and not (values.get("aria-labelledby") and set(values["aria-labelledby"].split()) <= set(self.ids))
            and values.get("id") not in self._labelled
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append(tag)
        self._note_inline(tag, values)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "html":
            self.lang = values.get("lang", "")
        elif tag == "h1":
            self.h1s += 1
        elif tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "label":
            self._labelled.add(values.get("for", ""))
        self.links += [values[name] for name in ("hx-get",) if values.get(name)]
        if tag in {"link", "script", "img"} and (values.get("href") or values.get("src")):
            self.loaded.append(values.get("href") or values["src"])
        self._note_form(tag, values)

    def _note_inline(self, tag: str, values: dict[str, str]) -> None:
        if tag == "style" or (tag == "script" and "src" not in values and values.get("type") != "application/json"):
            self.inline.append(f"<{tag}>")
        self.inline += [f"{tag} {name}" for name in values if name == "style" or name.startswith(("on", "hx-on"))]
        if values.get("href", values.get("action", "")).strip().lower().startswith("javascript:"):
            self.inline.append(f"{tag} javascript:")

    def _note_form(self, tag: str, values: dict[str, str]) -> None:
        if tag == "form" and values.get("method") != "dialog":
            method = "POST" if "hx-post" in values else values.get("method", "get").upper()
            action = values.get("action") or values.get("hx-post") or values.get("hx-get") or ""
            self._form = Form(action, method, values.get("enctype") == "multipart/form-data")
            self.forms.append(self._form)
            if values.get("id"):
                self._by_id[values["id"]] = self._form
        elif tag == "select":
            self._select = (values, [])
        elif tag == "option" and self._select:
            self._select[1].append((values.get("value", ""), "selected" in values))
        elif tag == "textarea":
            self._textarea = (values, [])
        elif tag in {"input", "button"}:
            self._place(tag, values, [], [])

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "title" and "svg" not in self._open:
            self.title += data
        if self._textarea:
            self._textarea[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            self._place(tag, self._select[0], self._select[1], [])
            self._select = None
        elif tag == "textarea" and self._textarea:
            self._place(tag, self._textarea[0], [], self._textarea[1])
            self._textarea = None
        elif tag == "form":
            self._form = None
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def _place(self, tag: str, values: dict[str, str], options: list[tuple[str, bool]], typed: list[str]) -> None:
        if tag != "button" and values.get("type") not in _WITHOUT_LABEL:
            self._controls.append((values, "label" in self._open))
        if values.get("form"):
            self._waiting.append((values["form"], tag, values, options, typed))
        elif self._form:
            self._add(self._form, tag, values, options, "".join(typed))

    def _add(self, form: Form, tag: str, values: dict[str, Any], options: list[tuple[str, bool]], typed: str) -> None:
        name = values.get("name", "")
        if "disabled" in values or values.get("type") in {"file", "image", "reset"}:
            return
        if tag == "button" or values.get("type") == "submit":
            if name or values.get("formaction"):
                form.choices.append((name, values.get("value", ""), values.get("formaction", "")))
        elif not name:
            return
        elif values.get("type") in {"checkbox", "radio"} and "checked" not in values:
            form.unticked.append((name, values.get("value") or "on"))
        elif tag == "select":
            chosen = [value for value, is_selected in options if is_selected] or [value for value, _ in options[:1]]
            form.fields += [(name, value) for value in chosen]
        elif tag == "textarea":
            form.fields.append((name, typed.removeprefix("\n")))
        else:
            form.fields.append((name, values.get("value") or ("on" if values.get("type") == "checkbox" else "")))
