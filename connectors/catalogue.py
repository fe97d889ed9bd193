"""Which connectors are installed.

Belongs here: finding them by entry point. Does not: what any of them does.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import TYPE_CHECKING, Final, TypeVar

from connectors.errors import ConfigError

if TYPE_CHECKING:
    from connectors.contract import Connector

GROUP: Final = "okr_pipeline.connectors"
"""The entry point group: its names are the words after `connector:`, its objects connectors."""
T = TypeVar("T")


class Each(Mapping[str, T]):
    """What is made of names, each when it is first asked for: a project uses few of many connectors."""

    def __init__(self, names: Iterable[str], make: Callable[[str], T]) -> None:
        self._names, self._make = dict.fromkeys(names), make
        self._made: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


def load_connectors() -> "Mapping[str, Connector]":
    """Every installed connector by name, sorted, imported when it is asked for.

    Raises:
        ConfigError: two packages give one name; and where one is asked for that cannot be imported.
    """
    return loaded(_entries(tuple(sys.path)))


@cache
def _entries(_: tuple[str, ...]) -> EntryPoints:
    """Those of what is installed on a path. Finding them opens a file of every package, which is done once."""
    return entry_points(group=GROUP)


def loaded(entries: Iterable[EntryPoint]) -> "Mapping[str, Connector]":
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
    return Each(found, lambda name: _load(found[name]))


def _load(entry: EntryPoint) -> "Connector":
    try:
        connector: Connector = entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"Connector {entry.name} ({entry.value}) cannot be imported: {error}."
            " Install what it needs, or uninstall its package."
        ) from error
    return connector
