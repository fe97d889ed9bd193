"""Numbers that a source writes as texts.

Belongs here: telling them from other texts. Does not: values that are numbers already (points).
"""

import re
from typing import Final

_NUMBER: Final = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?")


def number_of(text: str) -> float | str:
    """The number that a text is, as near as a float can be; any other text as it stands.

    >>> number_of("12.50"), number_of("NaN"), number_of("1_000"), number_of("")
    (12.5, 'NaN', '1_000', '')
    """
    return float(text) if _NUMBER.fullmatch(text) else text
