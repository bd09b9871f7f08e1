"""Sheets of paper as PDF, A4 or Letter: texts in one font, tables with figures on the right, page numbers."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace, TTFFont

_FONTS = Path(__file__).parents[3] / "static/vendor/inter"
_REGULAR, _SEMIBOLD = _FONTS / "Inter-Regular.ttf", _FONTS / "Inter-SemiBold.ttf"
_FAMILY = "Inter"
_MARGIN, _FOOT = 18, 20  # millimetres
_LINE = 1.45  # of the size of the letters
_POINT = 0.3528  # in millimetres
SMALL, USUAL, LARGE = 8.0, 9.0, 18.0  # points
FAINT, _INK, _RULE = 100, 25, 205  # shades of grey


class MissingLettersError(Exception):
    """The font lacks letters; the message is one sentence."""

    def __init__(self, letters: str) -> None:
        super().__init__(
            f"The PDF has no letters for “{letters}”: print the statement from your browser, which has them."
        )


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """`width` is relative to the other columns."""

    heading: str
    width: int
    is_figure: bool = False


@dataclass(frozen=True, slots=True)
class SheetRow:
    texts: Sequence[str]
    is_sum: bool = False


class PdfSheet(FPDF):
    """`running_head` is said at the top of each page but the first, `running_foot` at the bottom of all."""

    def __init__(self, title: str, author: str, running_foot: str, *, is_letter: bool) -> None:
        super().__init__(format="letter" if is_letter else "a4")
        self._missing: dict[str, None] = {}
        self._running_head, self._running_foot = title, running_foot
        self.add_font(_FAMILY, "", _REGULAR)
        self.add_font(_FAMILY, "B", _SEMIBOLD)
        self.set_font(_FAMILY, size=USUAL)
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_FOOT)
        self.set_title(self._writable(title))
        self.set_author(self._writable(author))
        self.set_lang("en")
        self.add_page()

    def header(self) -> None:
        if self.page_no() > 1:
            self.write_text(self._running_head, size=SMALL, shade=FAINT)
            self.ln(3)

    def footer(self) -> None:
        self.set_y(6 - _FOOT)
        self.write_text(self._running_foot, size=SMALL, shade=FAINT, part=0.75, is_beside=True)
        self.write_text(f"Page {self.page_no()} of {{nb}}", size=SMALL, shade=FAINT, is_right=True)

    def content(self) -> bytes:
        """Raise MissingLettersError rather than have boxes where the font has no letter."""
        if self._missing:
            raise MissingLettersError("".join(self._missing))
        return bytes(self.output())

    def close(self) -> None:
        _close_fonts(self)

    def write_text(
        self,
        text: str,
        *,
        size: float = USUAL,
        shade: int = _INK,
        part: float = 1,
        is_bold: bool = False,
        is_right: bool = False,
        is_beside: bool = False,
    ) -> None:
        """Write lines from where the pen is, over a part of the width or what is left of it.

        What follows goes on below, at the left margin, or with `is_beside` to the right.
        """
        self.set_font(_FAMILY, "B" if is_bold else "", size)
        self.set_text_color(shade)
        self.multi_cell(
            min(self.epw * part, self.w - self.r_margin - self.x),
            size * _POINT * _LINE,
            self._writable(text),
            align=Align.R if is_right else Align.L,
            new_x=XPos.RIGHT if is_beside else XPos.LMARGIN,
            new_y=YPos.TOP if is_beside else YPos.NEXT,
            padding=0,
        )

    def move_right(self, part: float) -> None:
        """Have the pen at a part of the width."""
        self.set_x(self.l_margin + self.epw * part)

    def keep_together(self, height: float) -> None:
        if self.will_page_break(height):
            self.add_page()

    def write_table(self, columns: Sequence[SheetColumn], rows: Iterable[SheetRow]) -> None:
        """Say the headings again on each page."""
        self.set_font(_FAMILY, size=USUAL)
        self.set_text_color(_INK)
        self.set_draw_color(_RULE)
        aligns = [Align.R if column.is_figure else Align.L for column in columns]
        with self.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            col_widths=[column.width for column in columns],
            headings_style=FontFace(emphasis="", color=FAINT, size_pt=SMALL),
            line_height=USUAL * _POINT * _LINE,
            padding=(1.1, 0.8, 1.1, 0.8),
            text_align=aligns,
            v_align="T",
        ) as table:
            table.row([column.heading for column in columns])
            for row in rows:
                style = FontFace(emphasis="BOLD") if row.is_sum else None
                table.row([self._writable(text) for text in row.texts], style=style)

    def _writable(self, text: str) -> str:
        """Return it as the font writes it; letters that the font lacks are remembered."""
        text = composed(text)
        self._missing |= dict.fromkeys(sign for sign in text if not is_in_font(sign))
        return text


def composed(text: str) -> str:
    """Compose letters and their marks, and leave out signs that are invisible."""
    visible = (sign for sign in unicodedata.normalize("NFC", text) if unicodedata.category(sign) != "Cf")
    return "".join(visible).replace("\t", " ")


def is_in_font(sign: str) -> bool:
    return sign == "\n" or ord(sign) in _letters()


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    """Return the letters that both weights of the font have."""
    unwritten = FPDF()
    unwritten.add_font(_FAMILY, "", _REGULAR)
    unwritten.add_font(_FAMILY, "B", _SEMIBOLD)
    regular, semibold = (frozenset(font.cmap) for font in _fonts(unwritten))
    _close_fonts(unwritten)
    return regular & semibold


def _close_fonts(pdf: FPDF) -> None:
    """Close their files, which stay open where a PDF is begun and not written."""
    for font in _fonts(pdf):
        font.close()


def _fonts(pdf: FPDF) -> list[TTFFont]:
    return [font for font in pdf.fonts.values() if isinstance(font, TTFFont)]
