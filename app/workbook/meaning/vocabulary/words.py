"""Split headings, tab names and types into words, and look up their meanings in vocabulary.toml."""

import difflib
import re
import shlex
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from app.workbook.reading.cells import clean_text

_LONGEST_PHRASE = 4
_SHORTEST_PART = 3
_SHORTEST_ALIKE = 6
_LIKENESS = 0.85
_SHORT_PARTS = {"id", "no", "nr"}
_LINKS = ("", "s", "es", "n", "en", "e")  # joining letters between the parts of a German or Nordic compound
_NO_PARTS = frozenset({"not", "small"})  # otherwise `interest` would be read as `inte rest`
_ENDINGS = ("s", "e", "n", "en", "er", "es", "em", "r", "t")
_NEGATIONS = ("un", "non", "nicht", "niet", "nie", "ikke", "inte", "im", "in", "on", "ej", "o", "u")
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "ł": "l", "đ": "d", "œ": "oe", "Ø": "O", "Æ": "AE", "Ł": "L"})
_NUMBER_SIGNS = str.maketrans({"#": " number ", "№": " number "})


@dataclass(frozen=True, slots=True)
class Words:
    """`unknown` has words that are not in the vocabulary, only similar to one."""

    meanings: frozenset[str]
    unknown: tuple[str, ...] = ()

    def any(self, *meanings: str) -> bool:
        return any(meaning in self.meanings for meaning in meanings)


def folded(text: str) -> str:
    """Make `Échéance`, `ECHEANCE:` and `echeance` equal, and `DueDate` two words, to compare them."""
    text = re.sub(r"([a-zà-ÿ])([A-ZÀ-Þ])", r"\1 \2", clean_text(text)).translate(_NUMBER_SIGNS).translate(_LETTERS)
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[\W_]+", " ", plain.casefold()).split())


@lru_cache(maxsize=4_000)
def heading_words(text: str) -> Words:
    return _words(text, "headings")


def has_known_word(text: str) -> bool:
    """Return whether a word of the text is literally in the vocabulary of headings, as a quick check."""
    return not vocabulary("headings").keys().isdisjoint(folded(text).split())


@lru_cache(maxsize=4_000)
def documents(text: str) -> frozenset[str]:
    """Return the kinds of documents or lists that a tab's name, a title or a type names, as in vocabulary.toml."""
    found = _words(text, "documents").meanings
    # Credit notes and refunds are named by the word for an invoice or a payment, and another word.
    if found & {"credit_note", "pro_forma", "estimate", "order", "purchase"}:
        found -= {"invoice"}
    if "refund" in found and found & {"payment"}:
        found -= {"payment"}
    return found


def is_share(text: str) -> bool:
    shares = {"percent", "percentage", "pct", "prozent", "pourcentage", "rate"}
    return "%" in text or not shares.isdisjoint(folded(text).split())


@lru_cache(maxsize=4_000)
def counts_something_else(text: str) -> bool:
    """Return whether a heading rules out money: quantities, days, percentages, postcodes."""
    return is_share(text) or not vocabulary("numbers").keys().isdisjoint(folded(text).split())


@cache
def vocabulary(part: str) -> Mapping[str, frozenset[str]]:
    document = tomllib.loads((Path(__file__).parent / "vocabulary.toml").read_text(encoding="utf-8"))
    found: dict[str, set[str]] = {}
    for meaning, words in document[part].items():
        for word in shlex.split(words):
            found.setdefault(word, set()).add(meaning)
    return {word: frozenset(meanings) for word, meanings in found.items()}


def _words(text: str, part: str) -> Words:
    tokens = folded(text).split()
    meanings: set[str] = set()
    unknown: list[str] = []
    place = 0
    while place < len(tokens):
        length, found = _phrase(tokens, place, part)
        if not found and not tokens[place].isdigit():
            unknown.append(tokens[place])
            found = _similar(tokens[place], part)
        if tokens[place] == "no" and _is_of_payments(tokens[place + 1 : place + 2], part):
            found = frozenset({"not"})  # `No pagado` means not paid; `Invoice No` is a number
        meanings |= found
        place += length
    return Words(frozenset(meanings), tuple(unknown))


def _phrase(tokens: list[str], place: int, part: str) -> tuple[int, frozenset[str]]:
    known = vocabulary(part)
    for length in range(min(_LONGEST_PHRASE, len(tokens) - place), 1, -1):
        phrase = " ".join(tokens[place : place + length])
        if phrase in known:
            return length, known[phrase]
    return 1, _single(tokens[place], part)


def _single(word: str, part: str) -> frozenset[str]:
    known = vocabulary(part)
    if word in known:
        return known[word]
    if part == "headings" and (found := _negated(word)):
        return found
    if compound := _compound(word, part):
        return compound
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > _SHORTEST_PART and stem in known:
            return known[stem]
    return frozenset()


def _similar(word: str, part: str) -> frozenset[str]:
    """Return the meanings of a long word that differs from a known one only by a typing error."""
    if part != "headings" or len(word) < _SHORTEST_ALIKE:
        return frozenset()
    known = vocabulary(part)
    found = difflib.get_close_matches(word, (other for other in known if " " not in other), n=1, cutoff=_LIKENESS)
    return known[found[0]] - {"small"} if found else frozenset()


def _negated(word: str) -> frozenset[str]:
    """Return the meanings of words such as `unreceived`, `onbetaald` or `niezapłacone`: not paid."""
    for negation in _NEGATIONS:
        rest = word.removeprefix(negation)
        if rest != word and any("paid" in vocabulary("headings").get(form, ()) for form in (rest, *_stems(rest))):
            return frozenset({"paid", "not"})
    return frozenset()


def _stems(word: str) -> list[str]:
    return [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]


def _compound(word: str, part: str) -> frozenset[str]:
    """Return the meanings of both parts of a compound such as `Rechnungsbetrag` or `forfaldsdato`."""
    known = vocabulary(part)
    for cut in range(len(word) - 2, 1, -1):
        first, second = word[:cut], word[cut:]
        if not (_is_part(first) and _is_part(second)) or second not in known or known[second] & _NO_PARTS:
            continue
        for link in _LINKS:
            stem = first.removesuffix(link) if link else first
            if (link and stem == first) or known.get(stem, frozenset()) & _NO_PARTS:
                continue
            meanings = known.get(stem) or (_compound(stem, part) if len(stem) > 2 * _SHORTEST_PART else frozenset())
            if meanings or (part == "headings" and (meanings := _negated(stem))):
                return meanings | known[second]
    return frozenset()


def _is_part(text: str) -> bool:
    return len(text) >= _SHORTEST_PART or text in _SHORT_PARTS


def _is_of_payments(tokens: list[str], part: str) -> bool:
    return bool(tokens) and part == "headings" and "paid" in vocabulary(part).get(tokens[0], ())
