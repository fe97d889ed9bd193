"""Configurations as they were applied, under the ids of now.

Belongs here: restoring what the store keeps. Does not: what is done with it.

The store has every row under the id of now. So a configuration of before a rename is read under these ids, too, and
scores what it scored then.
"""

from datetime import datetime

from okr_pipeline.config.archive import restore
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.renaming import names_of, renamed
from okr_pipeline.store import Store


def applied_configuration(store: Store, known_at: datetime | None = None) -> Configuration | None:
    """The definitions applied last, or last by an instant; None where there are none."""
    found = store.latest_configuration(known_at)
    return None if found is None else _since(store, restore(found[1]), known_at)


def configuration_applied_at(store: Store, applied_at: datetime, version: str) -> Configuration:
    """A version of the definitions as it was applied at an instant."""
    document = store.configuration(version)
    if document is None:
        raise ValueError(f"{store.place} has no configuration {version}")
    return _since(store, restore(document), applied_at)


def _since(store: Store, configuration: Configuration, known_at: datetime | None) -> Configuration:
    if known_at is None:
        # What is applied last has the ids of now, because what is renamed is renamed when it is applied.
        return configuration
    since = store.renames(after=known_at)
    return renamed(configuration, names_of(since[["kind", "former_id", "new_id"]].itertuples(index=False, name=None)))
