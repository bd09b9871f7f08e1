"""The days that an invoice or a payment can have: others are slips of the keyboard."""

from datetime import date, timedelta

from app.domain.sentences import day_text

EARLIEST, LATEST = date(1950, 1, 1), date(2100, 12, 31)
DAYS_AHEAD = 31  # an invoice may be written for the next month, but not for another year


def is_plausible(day: date) -> bool:
    return EARLIEST <= day <= LATEST


def why_not_plausible(day: date) -> str:
    """Return "" if the day can be right."""
    return "" if is_plausible(day) else f"{day_text(day)} is too far from today to be right: correct the day."


def is_far_ahead(day: date, today: date) -> bool:
    return day > today + timedelta(days=DAYS_AHEAD)
