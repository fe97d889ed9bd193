"""Where a store is, told without what opens it.

Belongs here: what in a store's URL is secret. Does not: connecting to it (engine).
"""

import re
from typing import Final

import sqlalchemy as sa

from okr_pipeline.model.secrets import Secrets

_SECRET_NAME: Final = re.compile(r"pass(?!file)|secret|token|key(?!word)|credential", re.IGNORECASE)


def secrets_of(url: sa.URL) -> Secrets:
    """The password of a URL, and what its query holds under names such as `password`."""
    values = [str(url.password)] if url.password else []
    for name, value in url.query.items():
        if _SECRET_NAME.search(name):
            values += [value] if isinstance(value, str) else value
    return Secrets(values)
