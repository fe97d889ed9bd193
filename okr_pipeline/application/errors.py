"""Errors of the use cases.

ApplicationError
├── LostHistory        what was renamed would lose its history, or take another's
├── UnamendedChange    what was promised changed, and no amendment says so
├── UsageError         asked for something that does not exist
└── NothingApplied     the store has no configuration yet
"""


class ApplicationError(Exception):
    """A use case cannot be carried out; the message says what, why and what to do."""


class LostHistory(ApplicationError):  # noqa: N818 - it names what would happen, which a person decides about
    """A history would end, though what it is of goes on under another id; or two would become one."""


class UnamendedChange(ApplicationError):  # noqa: N818 - it names what happened, which a person decides about
    """A key result with published scores promises otherwise than before, and no amendment says so."""


class UsageError(ApplicationError):
    """What was asked for does not exist or does not fit."""


class NothingApplied(ApplicationError):  # noqa: N818 - it names a state, not a fault
    """No configuration was ever applied to this store, so there is nothing to tell."""
