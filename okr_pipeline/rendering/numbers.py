"""Figures as people read them: values in their unit, shares as percent, gaps in points, ages.

Belongs here: every rounding that a reader sees. Does not: markup, or any computation of a figure.

Rules, the same on every form:
- Rounding is half to even on the shortest decimal text of the number (what the JSON form prints), never on its binary
  expansion: 2.675 gives 2.68, and 0.125 gives 0.12.
- Values have three significant digits and no fewer digits than their whole part; a value that needs fewer shows fewer.
- Rounding never tells a better story: a share short of 100 % is never shown as 100 %, one above 0 never as 0 %, and a
  value can be kept apart from its target.
- The minus is U+2212 and thousands have commas. Before % stands a narrow space (U+202F), before an abbreviated unit a
  space that does not break (U+00A0), before a unit in words an ordinary space: a long word may go on the next line.
- Unknown is an en dash, never 0.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

UNKNOWN: Final = "–"
MINUS: Final = "−"
THIN: Final = "\u202f"
SPACE: Final = "\u00a0"

_NOISE = Decimal("1e-9")
"""Shares closer than this are the same share: what binary arithmetic leaves over."""

_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_MOST_PLACES = 6
_ABBREVIATED = {"minutes": "min", "seconds": "s", "hours": "h", "days": "d", "points": "pts"}
_PLAIN_UNITS = frozenset({"count", "score", "ratio"})
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CNY": "CN¥", "AUD": "A$", "CAD": "CA$"}
_MAGNITUDES = ((Decimal("1e12"), "T"), (Decimal("1e9"), "B"), (Decimal("1e6"), "M"))


def shown_unit(measure: str, unit: str | None, *, target: float | None, baseline: float | None) -> str:
    """The unit that a key result's values are shown in: its metric's, `share`, or `periods`.

    Measures whose value is a share (held, kept, done) are shares whatever their metric's unit. A `ratio` is a share
    where its target and baseline lie within 0..1, else a plain number: 0.724 → 72.4 %, but a ratio of 3.2 stays.

    >>> shown_unit("maintain", "minutes", target=0.9, baseline=None)
    'share'
    >>> shown_unit("reach", "ratio", target=3.0, baseline=2.5)
    'ratio'
    """
    if measure in {"maintain", "cadence", "milestones"}:
        return "share"
    if measure == "baseline":
        return "periods"
    if unit == "ratio":
        return "share" if all(0 <= known <= 1 for known in (target, baseline) if known is not None) else "ratio"
    return unit or "count"


def quantity(value: float | None, unit: str, *, apart_from: float | None = None) -> str:
    r"""A value in its unit. With `apart_from`, decimals are added until it reads unlike a value that it does not equal.

    >>> quantity(15.24, "minutes"), quantity(0.7241, "share"), quantity(12300.0, "seats")
    ('15.2\xa0min', '72.4\u202f%', '12,300 seats')
    >>> quantity(1234567.0, "currency:USD"), quantity(-15.0, "count"), quantity(None, "count")
    ('$1.23M', '−15', '–')
    >>> quantity(14.996, "minutes"), quantity(14.996, "minutes", apart_from=15.0)
    ('15.0\xa0min', '14.996\xa0min')
    """
    if value is None:
        return UNKNOWN
    number, other = _decimal(value), None if apart_from is None else _decimal(apart_from)
    if unit in {"share", "percent"}:
        return _value_percent(_cleaned(number), other, 2) if unit == "share" else _value_percent(number, other, 0)
    if unit.startswith("currency:"):
        return _money(number, other, unit.removeprefix("currency:"))
    text = _sign(number) + _figure(abs(number), _twin(number, other))
    return text if unit in _PLAIN_UNITS else text + _suffix(unit, value)


def percent(share: float | None) -> str:
    r"""A share in whole percent; nearer to 0 or 100 than that, in as many decimals as keep it apart from them.

    >>> percent(0.404), percent(-0.12), percent(0.996), percent(0.99999), percent(1.004), percent(None)
    ('40\u202f%', '−12\u202f%', '99.6\u202f%', '>99.9\u202f%', '100\u202f%', '–')
    """
    if share is None:
        return UNKNOWN
    number = _cleaned(_decimal(share)).scaleb(2)
    size = abs(number)
    if 0 < size < Decimal("0.05"):
        return f"{_sign(number)}<0.1{THIN}%" if number < 0 else f"<0.1{THIN}%"
    if Decimal("99.95") <= number < 100:
        return f">99.9{THIN}%"
    near = 0 < size < Decimal("0.5") or Decimal("99.5") <= number < 100
    return _sign(number) + _grouped(_rounded(size, 1 if near else 0)) + f"{THIN}%"


def chance(probability: float | None) -> str:
    r"""A chance in whole percent, never as a certainty: at the ends it is below one or above 99.

    >>> chance(0.0), chance(0.004), chance(0.5), chance(0.996), chance(1.0), chance(None)
    ('<1\u202f%', '<1\u202f%', '50\u202f%', '>99\u202f%', '>99\u202f%', '–')
    """
    if probability is None:
        return UNKNOWN
    number = _decimal(probability).scaleb(2)
    if number < 1:
        return f"<1{THIN}%"
    return f">99{THIN}%" if number > 99 else f"{_grouped(_rounded(number, 0))}{THIN}%"


def points(gap: float | None) -> str:
    r"""A difference of shares in signed points, whole ones from one point on.

    >>> points(-0.1371), points(0.004), points(0.0), points(None)
    ('−14\xa0pts', '+0.4\xa0pts', '0\xa0pts', '–')
    """
    if gap is None:
        return UNKNOWN
    number = _decimal(gap).scaleb(2)
    rounded = _rounded(abs(number), 0 if abs(number) >= Decimal("0.95") else 1)
    if not rounded:
        return f"0{SPACE}pts"
    return f"{'+' if number > 0 else MINUS}{_grouped(rounded)}{SPACE}pts"


def age(hours: float | None) -> str:
    r"""How old something is: hours up to two days, then days.

    >>> age(0.2), age(5.0), age(36.0), age(50.0), age(None)
    ('<1\xa0h', '5\xa0h', '36\xa0h', '2\xa0d', '–')
    """
    if hours is None:
        return UNKNOWN
    if hours < 1:
        return f"<1{SPACE}h"
    number, unit = (_decimal(hours), "h") if hours < 48 else (_decimal(hours) / 24, "d")
    return f"{_grouped(_rounded(number, 0))}{SPACE}{unit}"


def count(number: int) -> str:
    """A whole number with thousands.

    >>> count(336776)
    '336,776'
    """
    return f"{number:,}".replace("-", MINUS)


def _value_percent(number: Decimal, other: Decimal | None, shift: int) -> str:
    number, twin = number.scaleb(shift), None if other is None else other.scaleb(shift)
    places = 1 if abs(number) >= 1 or not number else _places(abs(number), digits=2)
    places = _kept_apart(number, twin, places)
    places = _kept_apart(number, Decimal(100), places) if number < 100 else places
    return _sign(number) + _grouped(_rounded(abs(number), places)) + f"{THIN}%"


def _money(number: Decimal, other: Decimal | None, code: str) -> str:
    size, twin = abs(number), _twin(number, other)
    small = 0 < size < 1000
    text = _grouped(_cents(_rounded(size, _kept_apart(size, twin, 2)))) if small else _figure(size, twin)
    symbol = _SYMBOLS.get(code)
    return f"{_sign(number)}{symbol}{text}" if symbol else f"{_sign(number)}{text}{SPACE}{code}"


def _cents(amount: Decimal) -> Decimal:
    """A whole amount without decimals, any other with two at least: 12.5 is 12.50."""
    whole = amount == amount.to_integral_value(context=_CONTEXT)
    cents = amount.quantize(Decimal("0.01"), context=_CONTEXT)
    return amount if whole or cents != amount else cents


def _figure(size: Decimal, twin: Decimal | None) -> str:
    """A value of no sign, in three significant digits, in millions and more where it is as large."""
    if size >= Decimal("1e15") or 0 < size < Decimal("1e-6"):
        mantissa, exponent = f"{size:.2e}".split("e")
        return f"{mantissa}e{exponent.replace('-', MINUS).replace('+', '')}"
    for magnitude, letter in _MAGNITUDES:
        if size >= magnitude:
            return _figure_below(size / magnitude, None if twin is None else twin / magnitude) + letter
    return _figure_below(size, twin)


def _figure_below(size: Decimal, twin: Decimal | None) -> str:
    places = _places(size, digits=3)
    places = min(places, _places(_rounded(size, places), digits=3))
    return _grouped(_rounded(size, _kept_apart(size, twin, places)))


def _places(size: Decimal, *, digits: int) -> int:
    return min(_MOST_PLACES, max(0, digits - 1 - size.adjusted())) if size else 0


def _kept_apart(number: Decimal, other: Decimal | None, places: int) -> int:
    """The fewest decimals, from `places` on, in which two values read unlike; `places` where none do."""
    if other is None or number == other:
        return places
    tried = range(places, _MOST_PLACES + 1)
    return next((more for more in tried if _rounded(number, more) != _rounded(other, more)), places)


def _twin(number: Decimal, other: Decimal | None) -> Decimal | None:
    """The size of the other value where both have one sign: only then can the two read alike."""
    return abs(other) if other is not None and (other < 0) == (number < 0) else None


def _rounded(number: Decimal, places: int) -> Decimal:
    """Rounded half to even; an exact number keeps no zeros that it does not need."""
    rounded = number.quantize(Decimal(1).scaleb(-places), context=_CONTEXT)
    return rounded.normalize(_CONTEXT) if rounded == number else rounded


def _grouped(number: Decimal) -> str:
    return f"{number:,f}"


def _sign(number: Decimal) -> str:
    return MINUS if number < 0 else ""


def _decimal(number: float) -> Decimal:
    return Decimal(repr(float(number)))


def _cleaned(share: Decimal) -> Decimal:
    """A share without the noise of binary arithmetic around 0 and 1."""
    for exact in (Decimal(0), Decimal(1)):
        if abs(share - exact) < _NOISE:
            return exact
    return share


def _suffix(unit: str, value: float) -> str:
    if unit in _ABBREVIATED:
        return SPACE + _ABBREVIATED[unit]
    return " period" if unit == "periods" and value == 1 else f" {unit}"
