"""Configurations as text, for keeping and comparing.

Belongs here: dump, restore and the version. Does not: YAML (document).
"""

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING

from okr_pipeline.model.amending import AMENDABLE
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import Amendment, KeyResult

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_VERSION_LENGTH = 12
_NO_DEFINITIONS = {"check_ins", "renames"}


def dump(configuration: Configuration) -> str:
    """The definitions as JSON, without check-ins and renames.

    Variables of settings stay `${VAR}`, so there is no secret in it.
    """
    return _adapter().dump_json(configuration, exclude=_NO_DEFINITIONS).decode()


def restore(text: str) -> Configuration:
    """The configuration that `dump` made the text of.

    Raises:
        ValueError: it is not such a text.
    """
    return _adapter().validate_json(text)


def version(configuration: Configuration) -> str:
    """Twelve hexadecimal digits that are equal for equal definitions, in whatever files and order they were written."""
    content = json.loads(_adapter().dump_json(configuration, exclude={"version", *_NO_DEFINITIONS}))
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:_VERSION_LENGTH]


def amendment_text(definition: KeyResult, amendment: Amendment) -> str:
    """Those fields of a definition that an amendment changes, as JSON with sorted keys."""
    told = json.loads(_key_result_adapter().dump_json(definition))
    changed = {name: told[name] for name in AMENDABLE if getattr(amendment, name) is not None}
    return json.dumps(changed, sort_keys=True, ensure_ascii=False)


@cache
def _key_result_adapter() -> "TypeAdapter[KeyResult]":
    from pydantic import TypeAdapter

    return TypeAdapter(KeyResult)


@cache
def _adapter() -> "TypeAdapter[Configuration]":
    """Built once, and only where it is asked for."""
    from pydantic import TypeAdapter

    return TypeAdapter(Configuration)
