"""People: who the owners and authors of a project are.

Belongs here: names and how to reach them. Does not: what they own (okr, metric).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by the id that `owner:` and `author:` name. `sponsor` is the id of the person to turn to next.

    `zone` is an IANA time zone; `slack` and `mail` are handles as those tools take them.
    """

    id: str
    name: str | None = None
    zone: str | None = None
    slack: str | None = None
    mail: str | None = None
    sponsor: str | None = None
