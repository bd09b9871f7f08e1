"""Currencies in headings, cells and number formats: codes, signs, abbreviations."""

import re
import unicodedata
from functools import cache, lru_cache

from babel.numbers import list_currencies

from app.workbook.meaning.vocabulary.words import folded, vocabulary

# A shared sign stands for itself until resolved: to the business's own currency if that uses the sign.
_DOLLARS = frozenset(
    "USD CAD AUD NZD SGD HKD MXN ARS CLP COP TWD JMD BBD TTD BSD BZD BMD BND FJD GYD KYD LRD NAD SBD SRD XCD UYU DOP "
    "CVE CUP NIO".split()
)
CROWNS = frozenset({"SEK", "NOK", "DKK", "ISK"})
_SHARED = {
    "$": (_DOLLARS, "USD"),
    "¥": (frozenset({"JPY", "CNY"}), "JPY"),
    "£": (frozenset({"GBP", "EGP", "LBP", "SYP", "SDG", "GIP", "FKP", "SHP"}), "GBP"),
    "kr": (CROWNS, None),
    "Rs": (frozenset({"INR", "PKR", "LKR", "NPR", "MUR", "SCR"}), None),
    "Fr": (frozenset({"CHF", "XOF", "XAF", "XPF"}), "CHF"),
}
_SIGNS = {
    **{sign: sign for sign in ("$", "¥", "£")},
    "€": "EUR", "₹": "INR", "₽": "RUB", "₺": "TRY", "₪": "ILS", "₩": "KRW", "₴": "UAH", "฿": "THB", "₦": "NGN",
    "₵": "GHS", "₱": "PHP", "₫": "VND", "₡": "CRC", "₲": "PYG", "₾": "GEL", "₸": "KZT", "₼": "AZN", "₮": "MNT",
    "₨": "Rs", "₿": "BTC", "＄": "$", "￥": "¥", "￡": "£",
    "US$": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "R$": "BRL", "S$": "SGD",
    "HK$": "HKD", "MX$": "MXN", "NT$": "TWD", "J$": "JMD", "Bds$": "BBD", "TT$": "TTD", "Z$": "ZWL",
    "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "lei": "RON", "лв": "BGN", "RM": "MYR", "KSh": "KES", "TSh": "TZS",
    "USh": "UGX", "Rp": "IDR", "Rs": "Rs", "kr": "kr", "Fr": "Fr", "SFr": "CHF", "CHf": "CHF", "R": "ZAR", "S/": "PEN",
    "RMB": "CNY", "AED": "AED", "Dhs": "AED", "ksh": "KES", "euro": "EUR", "euros": "EUR", "eur": "EUR",
    "GH₵": "GHS", "Afl": "AWG",
}  # fmt: skip
_IN_WORDS = {"euro": "EUR", "euros": "EUR", "dollars": "$", "pounds": "GBP", "kronor": "SEK", "złotych": "PLN"}
_IN_ANY_CASE = frozenset(
    "USD EUR GBP CHF CAD AUD NZD JPY CNY INR SEK NOK DKK PLN CZK HUF RON ZAR MXN BRL SGD HKD".split()
)
_WITH_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_BRACKETED_FORMAT = re.compile(r"\[\$([^\]-]*)(?:-([0-9A-Fa-f]+))?\]")
_CROWNS_BY_PLACE = {"41D": "SEK", "414": "NOK", "814": "NOK", "406": "DKK"}  # by Excel's locale id
_BRACKETS = re.compile(r"[(\[{]\s*([^)\]}]{1,5}?)\s*[)\]}]")


def for_sign(sign: str | None, own: str) -> str | None:
    """Take a shared sign as the own currency if that uses it, else as the best known.

    None if nothing is named, or if a sign such as kr has no best-known currency.
    """
    if sign not in _SHARED:
        return sign
    sharing, best_known = _SHARED[sign]
    return own if own in sharing else best_known


def is_shared(sign: str | None) -> bool:
    return sign in _SHARED


def may_be(sign: str, code: str) -> bool:
    return sign == code or (sign in _SHARED and code in _SHARED[sign][0])


def has_thousandths(code: str) -> bool:
    return code in _WITH_THOUSANDTHS


@cache
def codes() -> frozenset[str]:
    return frozenset(code for code in list_currencies() if re.fullmatch("[A-Z]{3}", code))


@cache
def _pattern() -> re.Pattern[str]:
    """Match currencies beside digits: codes and word signs as separate words, symbols anywhere."""
    symbols = sorted((sign for sign in _SIGNS if not sign.isalpha()), key=len, reverse=True)
    letters = {sign for sign in _SIGNS if sign.isalpha()} - {"R"}
    words = {*codes(), *letters, *map(str.lower, {*_IN_ANY_CASE, *letters}), *map(str.capitalize, letters)}
    longest_first = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return re.compile(
        "|".join(map(re.escape, symbols)) + rf"|\bR(?=\s*\d)|(?<![^\W\d_])(?:{longest_first})(?![^\W\d_])\.?"
    )


@lru_cache(maxsize=4_000)
def taken_off(text: str) -> tuple[str, tuple[str, ...]]:
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        found.append(_named(match[0]))
        return " "

    rest = _pattern().sub(take, text)
    return rest, tuple(found)


@lru_cache(maxsize=4_000)
def of_text(text: str) -> str | None:
    """Return the currency if the text is nothing but one, as in a column of signs; else None."""
    plain = text.strip().rstrip(".")
    if plain in codes() or plain.upper() in _IN_ANY_CASE:
        return plain.upper()  # other codes in lower case are words and names: all, top, Bob
    return _SIGNS.get(plain) or _SIGNS.get(plain.lower())


@lru_cache(maxsize=4_000)
def of_heading(text: str) -> str | None:
    """Return the currency in a heading: `Amount (KES)`, `Betrag in €`, `Amount PHP`."""
    for inside in _BRACKETS.findall(text):
        if code := of_text(inside):
            return code
    for word in re.split(r"[\s/,;:.()\[\]]+", text):
        if word and any(unicodedata.category(sign) == "Sc" for sign in word):
            return taken_off(word)[1][0] if taken_off(word)[1] else None
        if len(word) == 3 and word.isupper() and word in codes() and _is_no_word(word):
            return word
        if word.casefold() in _IN_WORDS:
            return _IN_WORDS[word.casefold()]
    return None


@lru_cache(maxsize=4_000)
def unknown_in_heading(text: str) -> str | None:
    """Return an unknown currency in a heading: three capitals in brackets, or an unknown currency sign."""
    for inside in _BRACKETS.findall(text):
        if re.fullmatch("[A-Z]{3}", inside) and not of_text(inside) and _is_no_word(inside):
            return str(inside)
    if of_heading(text) is None:
        return next((sign for sign in text if unicodedata.category(sign) == "Sc"), None)
    return None


def without_currency(text: str) -> str:
    words = [word for word in text.split() if not _is_currency(word)]
    while len(words) > 1 and words[-1].casefold() in {"in", "en", "i", "em", "w"}:
        words.pop()
    return " ".join(words)


def of_format(number_format: str) -> str | None:
    """Raise LookupError with an unknown currency."""
    # The currency is in [$€-407], in quotes, after a backslash, or plain.
    positive = number_format.split(";", maxsplit=1)[0]
    bracketed = _BRACKETED_FORMAT.search(positive)
    if bracketed and bracketed[2] in _CROWNS_BY_PLACE:
        return _CROWNS_BY_PLACE[bracketed[2]]
    if bracketed and bracketed[1].strip():
        found = of_text(bracketed[1]) or next(iter(taken_off(bracketed[1])[1]), None)
        if found is None:
            raise LookupError(bracketed[1].strip())
        return found
    shown = re.sub(r"\[[^\]]*\]", " ", positive).replace('"', " ").replace("\\", "")
    named = taken_off(re.sub(r"General|[#0?.,]+", " 1 ", shown))[1]
    if named:
        return named[0]
    unknown = next((sign for sign in shown if unicodedata.category(sign) == "Sc"), None)
    if unknown:
        raise LookupError(unknown)
    return None


def _named(found: str) -> str:
    text = found.rstrip(".") or found
    upper = text.upper()
    return _SIGNS.get(text) or _SIGNS.get(text.lower()) or _SIGNS.get(upper) or _SIGNS.get(text.capitalize()) or upper


def _is_currency(word: str) -> bool:
    bare = word.strip("()[]{}.,;:")
    return bool(bare) and (of_heading(bare) is not None or bare in {"$", "€", "£", "¥"})


def _is_no_word(word: str) -> bool:
    """Return whether three capitals are not an ordinary heading word, such as TTC or INC."""
    return folded(word) not in vocabulary("headings") and word not in {"ALL", "TOP", "TRY", "MOP"}
