"""Which connectors are installed.

Belongs here: finding them by entry point. Does not: what any of them does.
"""

import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import TYPE_CHECKING, Final

from connectors.errors import ConfigError

if TYPE_CHECKING:
    from connectors.contract import Connector

GROUP: Final = "okr_pipeline.connectors"
"""The entry point group: its names are the words after `connector:`, its objects connectors."""


def load_connectors() -> "dict[str, Connector]":
    """Every installed connector by name, sorted.

    Raises:
        ConfigError: two packages give one name, or a connector cannot be imported.
    """
    return loaded(_entries(tuple(sys.path)))


@cache
def _entries(_: tuple[str, ...]) -> EntryPoints:
    """Those of what is installed on a path. Finding them opens a file of every package, which is done once."""
    return entry_points(group=GROUP)


def loaded(entries: Iterable[EntryPoint]) -> "dict[str, Connector]":
    """The connectors of entry points; see `load_connectors`."""
    found: dict[str, EntryPoint] = {}
    for entry in sorted(entries, key=lambda entry: (entry.name, entry.value)):
        # One distribution can be seen twice, as an editable install and as its build.
        other = found.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise ConfigError(
                f"Connector {entry.name} is given twice, by {other.value} and {entry.value}."
                " Names must tell connectors apart. Uninstall one of the packages."
            )
    return {name: _load(entry) for name, entry in found.items()}


def _load(entry: EntryPoint) -> "Connector":
    try:
        connector: Connector = entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"Connector {entry.name} ({entry.value}) cannot be imported: {error}."
            " Install what it needs, or uninstall its package."
        ) from error
    return connector
