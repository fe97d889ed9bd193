"""Configurations as text, for keeping and comparing.

Belongs here: dump, restore and the version. Does not: YAML (document).
"""

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING

from okr_pipeline.model.configuration import Configuration

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_VERSION_LENGTH = 12


def dump(configuration: Configuration) -> str:
    """The definitions as JSON, without check-ins. Variables of settings stay `${VAR}`, so there is no secret in it."""
    return _adapter().dump_json(configuration, exclude={"check_ins"}).decode()


def restore(text: str) -> Configuration:
    """The configuration that `dump` made the text of.

    Raises:
        ValueError: it is not such a text.
    """
    return _adapter().validate_json(text)


def version(configuration: Configuration) -> str:
    """Twelve hexadecimal digits that are equal for equal definitions, in whatever files and order they were written."""
    content = json.loads(_adapter().dump_json(configuration, exclude={"version", "check_ins"}))
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:_VERSION_LENGTH]


@cache
def _adapter() -> "TypeAdapter[Configuration]":
    """Built once, and only where it is asked for."""
    from pydantic import TypeAdapter

    return TypeAdapter(Configuration)
