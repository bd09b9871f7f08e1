"""What is wrong with a form is listed in the order of its fields, however they were checked."""

import re

_LIST = re.compile(r'(<ul class="list" data-errors>\n)(.*?)( *</ul>)', re.DOTALL)
_ENTRY = re.compile(r' *<li><a href="#([^"]*)">.*?</li>\n', re.DOTALL)


def in_order_of_fields(html: str) -> str:
    """Return the page with the entries of its error summaries as their fields stand in it; others come last."""
    if "data-errors" not in html:
        return html

    def ordered(found: re.Match[str]) -> str:
        entries = [(entry[1], entry[0]) for entry in _ENTRY.finditer(found[2])]
        in_order = sorted(entries, key=lambda entry: _place(entry[0], html))
        return f"{found[1]}{''.join(text for _, text in in_order)}{found[3]}"

    return _LIST.sub(ordered, html)


def _place(name: str, html: str) -> int:
    place = html.find(f'id="{name}"')
    return place if place >= 0 else len(html)
