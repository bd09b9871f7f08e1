"""Number formats of cells: whether they show a date, a time span, or more than the number of decimals."""

import re

# Formats that files do not declare, as far as they matter. 27 to 36 and 50 to 58 are dates and times of Chinese,
# Japanese and Korean Excel.
_BUILT_IN = {
    5: '"$"#,##0_);("$"#,##0)',
    6: '"$"#,##0_);[Red]("$"#,##0)',
    7: '"$"#,##0.00_);("$"#,##0.00)',
    8: '"$"#,##0.00_);[Red]("$"#,##0.00)',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    **dict.fromkeys((*range(14, 18), *range(27, 37), *range(50, 59)), "yyyy-mm-dd"),
    **dict.fromkeys((18, 19, 20, 21, 45, 47), "h:mm"),
    22: "yyyy-mm-dd h:mm",
    42: r'_("$"* #,##0_);_("$"* \(#,##0\);_("$"* "-"_);_(@_)',
    44: r'_("$"* #,##0.00_)_("$"* \(#,##0.00\)_("$"* "-"??_)_(@_)',
    46: "[h]:mm:ss",
}
_LITERAL = re.compile(r'"[^"]*"|\[(?!hh?\]|mm?\]|ss?\])[^\]]*\]', re.IGNORECASE)
_DAY_OR_TIME = re.compile(r"(?<![_\\])[dmhys]", re.IGNORECASE)
_SPAN = re.compile(r"\[(?:hh?|mm?|ss?)\]", re.IGNORECASE)
_DECORATION = re.compile(r"\[(?:red|black|blue|green|white|yellow|cyan|magenta|color\d+)\]|_.|\*.", re.IGNORECASE)
_MORE_THAN_DECIMALS = re.compile(r"00(?![.,#]?$)|^00|[%\"$€£¥\\]|\[\$|[A-Za-z]{2,}-?0")


def number_format(number: int, declared: dict[int, str]) -> str:
    """Return the format with the given id: declared in the file, built in, or empty."""
    return declared.get(number) or _BUILT_IN.get(number, "")


def is_moment(text: str) -> bool:
    return bool(_DAY_OR_TIME.search(_LITERAL.sub("", _positive(text))))


def is_span(text: str) -> bool:
    return bool(_SPAN.search(_positive(text)))


def shows_more_than_number(text: str) -> bool:
    """Return whether the format shows more than the number of decimals: a currency, a percentage, leading zeros."""
    return bool(_MORE_THAN_DECIMALS.search(_DECORATION.sub("", _positive(text))))


def _positive(text: str) -> str:
    return text.split(";", maxsplit=1)[0]
