"""A store that is asked every question once.

Belongs here: remembering answers for as long as one use case looks at them. Does not: writing.
"""

from collections.abc import Callable, Collection
from typing import Any, cast

from okr_pipeline.store import Store


def remembering(store: Store) -> Store:
    """The store, whose answers are those that it gave first: two sides of a comparison are of one moment.

    For reading alone. Frames that it gives must not be changed in place.
    """
    return cast("Store", _Remembering(store))


class _Remembering:
    """Stands in for a store, and keeps what its methods returned by what they were asked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answers: dict[object, Any] = {}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return self._asking(name, found) if callable(found) else found

    def _asking(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*arguments: Any, **named: Any) -> Any:
            key = (name, *map(_key, arguments), *((each, _key(value)) for each, value in sorted(named.items())))
            if key not in self._answers:
                self._answers[key] = method(*arguments, **named)
            return self._answers[key]

        return ask


def _key(value: object) -> object:
    """A value as a part of a key: ids in any order are the same question."""
    return frozenset(value) if isinstance(value, Collection) and not isinstance(value, str | tuple) else value
