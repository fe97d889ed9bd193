"""Anchors: where on a scorecard a thing is found, the same every week.

Belongs here: full id → HTML id. Does not: links to other pages.
"""

import hashlib
import re
from collections.abc import Iterable

_NOT_SLUG = re.compile(r"[^A-Za-z0-9_-]+")


def anchor_of(full_id: str) -> str:
    """The anchor of a cycle, objective or key result; it depends on the id alone, so that old links keep working.

    An id that a slug cannot carry unchanged gets eight digits of its hash.

    >>> anchor_of("2013-Q2/departure-delay")
    '2013-Q2-departure-delay'
    >>> anchor_of("2013-Q2/départ")
    '2013-Q2-d-part-fe7aeee8'
    """
    plain = full_id.replace("/", "-")
    slug = _NOT_SLUG.sub("-", plain).strip("-")
    return slug if slug == plain else f"{slug}-{_digest(full_id)}".lstrip("-")


def anchors(full_ids: Iterable[str], *, taken: Iterable[str] = ()) -> dict[str, str]:
    """Anchors of one page, each unique on it: an id whose anchor is taken already gets its hash too.

    >>> anchors(["a-b/c", "a/b-c"])
    {'a-b/c': 'a-b-c', 'a/b-c': 'a-b-c-b88f83c8'}
    """
    used, found = set(taken), {}
    for full_id in dict.fromkeys(full_ids):
        anchor = anchor_of(full_id)
        if anchor in used:
            anchor = f"{anchor}-{_digest(full_id)}"
        used.add(anchor)
        found[full_id] = anchor
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
