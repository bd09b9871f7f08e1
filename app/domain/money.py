"""Money: whole cents; the currency code is stored separately."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
# The most of one record. Databases add up to 2^63 cents: nine million such records, far more than a workbook may have.
LARGEST_CENTS = 10**12 - 1
_NOISE = Decimal("0.000001")


def cents_from_decimal(amount: Decimal) -> int:
    scaled = amount * 100
    cents = int(scaled)
    # Most amounts have whole cents, and comparing is much cheaper than rounding.
    return cents if cents == scaled else int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def has_fractions_of_a_cent(amount: Decimal) -> bool:
    """Return whether rounding to cents would change the amount by more than float noise (a millionth)."""
    return amount != (rounded := amount.quantize(CENT, rounding=ROUND_HALF_UP)) and abs(amount - rounded) > _NOISE


def decimal_of(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def decimal_string(cents: int) -> str:
    """Write it for programs: `-1234.50`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def display(cents: int) -> str:
    """Write it with thousands separators: `-1,234.50`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"
