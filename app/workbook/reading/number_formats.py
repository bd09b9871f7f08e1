"""What the number format of a cell says: a day, a span of time, or more than how many decimals are shown."""

import re

# Those that are never written out in a file, as far as they say anything; 27 to 36 and 50 to 58 are days and times of
# Chinese, Japanese and Korean Excel.
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
_TELLS_MORE = re.compile(r"00(?![.,#]?$)|^00|[%\"$€£¥\\]|\[\$|[A-Za-z]{2,}-?0")


def number_format(number: int, declared: dict[int, str]) -> str:
    """Return the number format of that number; one that nobody declares shows a number as it is."""
    return declared.get(number) or _BUILT_IN.get(number, "")


def is_moment(text: str) -> bool:
    """Tell whether the format shows a day, a time or a span of time."""
    return bool(_DAY_OR_TIME.search(_LITERAL.sub("", _positive(text))))


def is_span(text: str) -> bool:
    """Tell whether the format shows a span of time, such as 30 hours."""
    return bool(_SPAN.search(_positive(text)))


def tells_more(text: str) -> bool:
    """Tell whether the format says more of a number than how many decimals are shown."""
    return bool(_TELLS_MORE.search(_DECORATION.sub("", _positive(text))))


def _positive(text: str) -> str:
    return text.split(";", maxsplit=1)[0]
