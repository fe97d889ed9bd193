"""Which SOQL may be asked: one SELECT that reads, and gives rows.

Belongs here: refusing everything else. Does not: whether Salesforce understands it.
"""

import re
from typing import Final

_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'")
_CHANGES: Final = re.compile(r"\b(?:FOR\s+(?:UPDATE|VIEW|REFERENCE)|UPDATE\s+(?:TRACKING|VIEWSTAT))\b", re.IGNORECASE)
_BARE_COUNT: Final = re.compile(r"\s*SELECT\s+COUNT\s*\(\s*\)", re.IGNORECASE)


def check_query(query: str) -> str:
    """A query that reads, and whose answer has rows.

    >>> check_query("SELECT COUNT(Id) value FROM Lead")
    'SELECT COUNT(Id) value FROM Lead'

    Raises:
        ValueError: what, why and what to do.
    """
    bare = _QUOTED.sub("''", query)
    if not re.match(r"\s*SELECT\b", bare, re.IGNORECASE) or ";" in bare:
        raise ValueError("is no single SELECT", "Metrics are only read", "Write one SELECT, without a semicolon")
    found = _CHANGES.search(bare)
    if found:
        raise ValueError(
            f"has {' '.join(found[0].split()).upper()}", "That locks or changes records, and metrics are only read",
            "Leave it out",
        )  # fmt: skip
    if _BARE_COUNT.match(bare):
        raise ValueError("asks for COUNT()", "Its answer has no row", "Write COUNT(Id) value")
    return query
