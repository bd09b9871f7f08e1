"""Invoice numbers in the reference of an incoming payment: found whole, never as part of a longer number.

References and numbers are normalised first, as the ledger compares numbers: case-folded, blanks collapsed.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

_MOST_WORDS = 4  # of a number with blanks in it, such as "INV 2026 0042"
_MOST_NEAR = 20  # numbers in a reference of which other writings are looked for
_LONGEST_PADDED = 8
_SEPARATORS = ("", "-", " ", "/", "_", ".")
_AROUND = " .,:;!?#()[]{}<>\"'*„“”‚‘’«»"
_LIST = re.compile(r"[,/+;&|]")
_ENDS_IN_DIGITS = re.compile(r"(?P<head>\D{0,20}?)(?P<separator>[-_/. ]?)(?P<digits>[0-9]{1,12})")
_PREFIXED = re.compile(r"(?P<word>[^\W\d_]+)[-.:#/_]*(?P<number>[0-9].*)")
_INVOICE_WORDS = frozenset(
    "inv invoice invoices bill bills facture factures factura facturas fatura fattura fatture factuur facturen "
    "faktura faktury rechnung rechnungen rech rg rgnr re renr".split()
)
_CONNECTING = frozenset("and und et y e en i no nr nos num number numbers nummer numero n° nº № & + / - #".split())


@dataclass(frozen=True, slots=True)
class Mention:
    """A number that may stand in `text[start:end]`.

    It is certain where the number stands there as it is written on the invoice, and is more than bare digits in a
    text that says nothing of an invoice. Of a list such as `1,2,3`, each counts only if all of `beside` are numbers.
    """

    key: str
    start: int
    end: int
    is_certain: bool = True
    beside: frozenset[str] = frozenset()


@dataclass(slots=True)
class Place:
    """A part of the reference, with the numbers that are meant there for certain, and those that may be."""

    start: int
    end: int
    certain: list[str] = field(default_factory=list)
    possible: list[str] = field(default_factory=list)

    def overlaps(self, mention: Mention) -> bool:
        return mention.start < self.end and self.start < mention.end


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int
    is_called: bool  # whether it follows a word such as "invoice"


def possible_keys(text: str) -> frozenset[str]:
    """Return every number that may be meant, to be looked up."""
    return frozenset(mention.key for mention in _mentions(text))


def places(text: str, known: Collection[str]) -> list[Place]:
    """Return where the text names known numbers; of numbers that overlap, the longest counts."""
    hits = [one for one in _mentions(text) if one.key in known and all(other in known for other in one.beside)]
    found: list[Place] = []
    for hit in sorted(hits, key=lambda one: (not one.is_certain, one.start - one.end)):
        around = [place for place in found if place.overlaps(hit)]
        if not around:
            found.append(place := Place(hit.start, hit.end))
            (place.certain if hit.is_certain else place.possible).append(hit.key)
        elif hit.is_certain:
            _add_where_equal(hit, around)
        else:
            around[0].possible.append(hit.key)
    return sorted(found, key=lambda place: place.start)


def _add_where_equal(hit: Mention, around: Sequence[Place]) -> None:
    if (around[0].start, around[0].end) == (hit.start, hit.end):
        around[0].certain.append(hit.key)


def _mentions(text: str) -> Iterator[Mention]:
    words = _words(text)
    near = 0
    for first, word in enumerate(words):
        yield from _in_a_word(word)
        for last in range(first, min(first + _MOST_WORDS, len(words))):
            start, end = word.start, words[last].end
            number = text[start:end]
            yield Mention(number, start, end, word.is_called or not number.isdigit() or len(words) == 1)
            if last <= first + 1 and near < _MOST_NEAR and (parts := _ENDS_IN_DIGITS.fullmatch(number)):
                near += 1
                yield from (Mention(key, start, end, is_certain=False) for key in _other_writings(parts, number))


def _words(text: str) -> list[_Word]:
    words: list[_Word] = []
    is_called = False
    for found in re.finditer(r"\S+", text):
        word = found[0].strip(_AROUND)
        if word in _INVOICE_WORDS:
            is_called = True
        elif word and not any(sign.isdigit() for sign in word) and word not in _CONNECTING:
            is_called = False
        if word:
            start = found.start() + found[0].index(word)
            words.append(_Word(word, start, start + len(word), is_called))
    return words


def _in_a_word(word: _Word) -> Iterator[Mention]:
    """Look for what is written together: `inv-1001` of an invoice 1001, and lists such as `1001,1002`."""
    if (parts := _PREFIXED.fullmatch(word.text)) and parts["word"] in _INVOICE_WORDS:
        yield Mention(parts["number"], word.start + parts.start("number"), word.end)
    listed = _LIST.split(word.text)
    if len(listed) > 1 and all(listed):
        start = word.start
        for number in listed:
            is_certain = word.is_called or not number.isdigit()
            yield Mention(number, start, start + len(number), is_certain, frozenset(listed))
            start += len(number) + 1


def _other_writings(parts: re.Match[str], number: str) -> Iterator[str]:
    """Return the number with more or fewer leading zeros, and with another sign before its digits."""
    digits = parts["digits"].lstrip("0")
    if not digits:
        return
    padded = [digits.zfill(length) for length in range(len(digits), max(len(digits), _LONGEST_PADDED) + 1)]
    separators = _SEPARATORS if parts["head"] else (parts["separator"],)
    for separator in separators:
        yield from (key for one in padded if (key := f"{parts['head']}{separator}{one}") != number)
