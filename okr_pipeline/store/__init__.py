"""The store: what was observed, scored and shown, when it was known, and by which run.

Belongs here: tables, migrations, transactions, bitemporal reads and bulk writes, on SQLite and PostgreSQL. Does not:
deciding what is right (quality), what a value means (scoring) or when to write (application).
"""

from typing import TYPE_CHECKING

from okr_pipeline.store.errors import (
    BackupUnusable,
    StoreError,
    StoreExists,
    StoreMissing,
    StoreOutdated,
    StoreRefused,
    StoreTooNew,
    StoreUnavailable,
    StoreUnsupported,
)
from okr_pipeline.store.store import Store, open_store

if TYPE_CHECKING:
    from okr_pipeline.store.batch import Batch as Batch
    from okr_pipeline.store.doctor import Finding as Finding
    from okr_pipeline.store.runs import Run as Run

__all__ = [
    "BackupUnusable",
    "Store",
    "StoreError",
    "StoreExists",
    "StoreMissing",
    "StoreOutdated",
    "StoreRefused",
    "StoreTooNew",
    "StoreUnavailable",
    "StoreUnsupported",
    "open_store",
]
