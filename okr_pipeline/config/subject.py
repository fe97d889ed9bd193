"""Something that is configured (a metric, a key result, …), and what is wrong with it.

Belongs here: from a key path to file, line and column; from a validation error to a sentence of our own.
Does not: rules (sources, metrics, okrs).
"""

import re
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from okr_pipeline.config.document import Document, KeyPath
from okr_pipeline.config.problem import Problem, kind_of, odd_letter, shown, suggestion
from okr_pipeline.config.scalars import ID
from okr_pipeline.config.wording import described, example, explained, field_at, fragments, names
from okr_pipeline.model.lint import LINT_RULES

_VERBS = ("is ", "has ", "needs ", "names ", "differs ", "differ ")
_MOST_SUGGESTIONS = 200
KeysT = TypeVar("KeysT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Subject:
    """What problems are about: `label` names it (`metric 'departure_delay'`), `path` leads to it in its file."""

    label: str
    document: Document
    path: KeyPath
    problems: list[Problem]

    def inner(self, label: str, *keys: str | int) -> "Subject":
        """A part that has a name of its own."""
        return replace(self, label=label, path=(*self.path, *keys))

    def refuse(self, keys: KeyPath, what: str, why: str, fix: str, *, of_key: bool | None = None) -> None:
        """Adds a problem at a value below the subject, or at the subject's own key where `keys` is empty."""
        path = (*self.path, *keys)
        line, column = self.document.position(path, of_key=not keys if of_key is None else of_key)
        written = self.document.written(path)[len(self.path) :]
        place = f"{self.label}: {_dotted(written)}" if written else self.label
        joint = " " if what.startswith(_VERBS) else ": "
        self.problems.append(Problem(self.document.file, line, column, f"{place}{joint}{what}", why, fix))

    def accept(
        self, model: type[KeysT], keys: Mapping[str, Any], context: Mapping[str, object] | None = None
    ) -> KeysT | None:
        """The mapping as a model, or None and its problems. `context` is handed to the model's own validators."""
        try:
            return model.model_validate(keys, context=context)
        except ValidationError as error:
            self._refuse_all(error, model, secret_values=None)
            return None

    def accept_secretly(self, model: type[BaseModel], written: object, expanded: Mapping[str, Any]) -> bool:
        """Whether settings with secrets are valid. No problem shows one of their values."""
        try:
            model.model_validate(expanded)
        except ValidationError as error:
            self._refuse_all(error, model, secret_values=[*fragments(written), *fragments(expanded)])
            return False
        return True

    def mapping(self, value: object, kind: str, *keys: str | int) -> dict[str, Any] | None:
        """The value when it is a mapping, or None and a problem that does not show it, for it may be a secret."""
        if isinstance(value, dict):
            return value
        self.refuse(
            keys,
            f"{kind_of(value)} is not a mapping",
            f"Here stand the keys of {kind}",
            "Write 'key: value' lines, indented",
            of_key=False,
        )
        return None

    def unknown_key(self, keys: KeyPath, key: str, known: Iterable[str], not_yet: Iterable[str] = ()) -> None:
        """Adds the problem of a key that is not read."""
        known = sorted(known)
        if key in not_yet:
            self.refuse(
                (*keys, key),
                f"is not available in this version; available: {', '.join(known)}",
                "What is not read must not look as if it counted",
                f"Remove '{key}'",
                of_key=True,
            )
            return
        odd = odd_letter(key)
        self.refuse(
            (*keys, key),
            "is not a known key",
            f"It holds {odd}" if odd else "Unknown keys are refused, so that no misspelt one is passed over",
            suggestion(key, known, "keys"),
            of_key=True,
        )

    def check_suppressed(self, suppressed: Mapping[str, str]) -> None:
        """Adds a problem for every suppressed rule that does not exist."""
        for rule in suppressed:
            if rule not in LINT_RULES:
                self.refuse(
                    ("suppress", rule),
                    f"there is no lint rule {shown(rule)}",
                    "A suppression of nothing would look as if it silenced something",
                    self.suggestion(rule, LINT_RULES, "rules"),
                    of_key=True,
                )

    def suggestion(self, name: str, known: Iterable[str], kind: str) -> str:
        """What `problem.suggestion` says. After hundreds of problems nobody waits for a search among thousands."""
        if len(self.problems) < _MOST_SUGGESTIONS:
            return suggestion(name, known, kind)
        return f"Name one of the {kind} that are defined, or define it"

    def _refuse_all(self, error: ValidationError, model: type[BaseModel], secret_values: list[str] | None) -> None:
        for detail in error.errors(include_url=False):
            keys: KeyPath = detail["loc"]
            parent, field = field_at(model, detail["loc"])
            kind = detail["type"]
            if kind == "extra_forbidden" and parent is not None:
                self.unknown_key(keys[:-1], str(keys[-1]), names(parent), getattr(parent, "not_yet", ()))
            elif kind == "missing":
                self._missing(keys, field)
            else:
                what, why, fix = explained(typing.cast("Mapping[str, Any]", detail), field, secret_values)
                self.refuse(keys, what, why, fix)

    def _missing(self, keys: KeyPath, field: FieldInfo | None) -> None:
        name = str(keys[-1])
        self.refuse(
            keys[:-1],
            f"'{name}' is missing" if keys[:-1] else f"has no '{name}'",
            described(field) or "It is required",
            f"Add '{name}: {example(field)}'",
            of_key=True,
        )


def _dotted(keys: KeyPath) -> str:
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            name = key if re.fullmatch(ID, key) else shown(key)
            text += f".{name}" if text else name
    return text
