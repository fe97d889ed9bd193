"""Numbers as they were written: floats that remember their digits, for sums of money and for quotients.

Belongs here: reading such numbers, adding and dividing them. Does not: where they come from.

Points are floats, each the nearest to the number that was meant. That holds as long as a number is rounded once: adding
0.1 and 0.2, or dividing 12345678901234567.89 by 100, rounds twice when it is done with floats.
"""

import math
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Final, Self

_EXACT: Final = Context(prec=100, Emin=-10_000, Emax=10_000, traps=[])
"""More digits than any sum of money has, and few enough that no exponent makes it slow."""


class Written(float):
    """A float that remembers its digits. To everybody else it is a float, also by its name, which JMESPath goes by."""

    __slots__ = ("digits",)

    digits: str

    def __new__(cls, digits: str) -> Self:
        """A number from its digits, as JSON has them.

        Raises:
            ValueError: it is none, or larger than any float.
        """
        number = super().__new__(cls, digits)
        if not math.isfinite(number):
            raise ValueError(f"the number {digits[:20]} is too large")
        number.digits = digits
        return number


Written.__name__ = "float"


def quotient(number: float, by: int) -> float:
    """A number divided, rounded once.

    >>> quotient(Written("12345678901234567.89"), 100), quotient(1999, 100)
    (123456789012345.67, 19.99)
    """
    return float(_EXACT.divide(meant(number), Decimal(by)))


def total(numbers: Sequence[float]) -> float:
    """The sum of numbers, rounded once; whole where all are.

    >>> total([Written("0.1"), Written("0.2")]), total([1, 2])
    (0.3, 3)
    """
    if all(isinstance(number, int) for number in numbers):
        return sum(numbers)
    whole = Decimal(0)
    for number in numbers:
        whole = _EXACT.add(whole, meant(number))
    rounded = float(whole)
    return Written(str(whole)) if math.isfinite(rounded) else rounded


def mean(numbers: Sequence[float]) -> float:
    """The mean of at least one number, rounded once.

    >>> mean([Written("0.1"), Written("0.2")])
    0.15
    """
    return quotient(total(numbers), len(numbers))


def meant(number: float) -> Decimal:
    """The number that digits say, or that a float would be written as.

    >>> meant(Written("0.10")) + meant(Written("0.20"))
    Decimal('0.30')
    """
    return _EXACT.create_decimal(number.digits if isinstance(number, Written) else str(number))
