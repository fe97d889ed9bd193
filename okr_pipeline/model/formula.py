"""Formulas of derived metrics: a grammar of metric ids, numbers, `+ - * /` and parentheses.

Belongs here: the text → tree step, and nothing that evaluates data (scoring does, vectorised).
Python's own `eval` and pandas' `query` are never used: a formula in a config file must not be able to run code.
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Operator: TypeAlias = Literal["+", "-", "*", "/"]

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<symbol>[-+*/()]))")
_OPERATORS = frozenset("+-*/")
_MAX_LENGTH = 1000
_MAX_OPERATIONS = 100
_MAX_DEPTH = 30


class FormulaError(ValueError):
    """A formula that does not parse; the message says where and what was expected."""


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: float
    kind: Literal["number"] = "number"


@dataclass(frozen=True, slots=True)
class Reference:
    """Another metric, by id."""

    metric: str
    kind: Literal["reference"] = "reference"


@dataclass(frozen=True, slots=True)
class Operation:
    """`left operator right`; a leading minus is `0 - x`."""

    operator: Operator
    left: "Formula"
    right: "Formula"
    kind: Literal["operation"] = "operation"


Formula: TypeAlias = Number | Reference | Operation


def parse_formula(text: str) -> Formula:
    """The tree of a formula.

    >>> parse_formula("spend / (flights + 1)").operator
    '/'

    Raises:
        FormulaError: anything but ids, numbers, `+ - * /` and parentheses; too long or too deep.
    """
    if len(text) > _MAX_LENGTH:
        raise FormulaError(f"it is longer than {_MAX_LENGTH} characters")
    tokens = _tokens(text)
    # A chain is a tree as deep as it is long, and what keeps trees as text goes only so deep.
    if sum(token in _OPERATORS for token in tokens) > _MAX_OPERATIONS:
        raise FormulaError(f"it has more than {_MAX_OPERATIONS} operations")
    tree, rest = _sum(tokens, 0)
    if rest:
        raise FormulaError(f"'{rest[0]}' is not expected here")
    return tree


def references(formula: Formula) -> tuple[str, ...]:
    """The metric ids a formula reads, in order of appearance, each once."""
    match formula:
        case Number():
            return ()
        case Reference(metric):
            return (metric,)
        case Operation(_, left, right):
            return tuple(dict.fromkeys(references(left) + references(right)))


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise FormulaError(
                f"'{text[position:].strip()[:1]}' is not part of a formula; use metric ids, numbers, + - * / ( )"
            )
        tokens.append(match.group().strip())
        position = match.end()
    return tokens


def _sum(tokens: list[str], depth: int) -> tuple[Formula, list[str]]:
    left, rest = _product(tokens, depth)
    while rest and rest[0] in "+-":
        right, after = _product(rest[1:], depth)
        left, rest = Operation("+" if rest[0] == "+" else "-", left, right), after
    return left, rest


def _product(tokens: list[str], depth: int) -> tuple[Formula, list[str]]:
    left, rest = _factor(tokens, depth)
    while rest and rest[0] in "*/":
        right, after = _factor(rest[1:], depth)
        left, rest = Operation("*" if rest[0] == "*" else "/", left, right), after
    return left, rest


def _finite(text: str) -> float:
    number = float(text)
    if number == float("inf"):
        raise FormulaError(f"a number of {len(text)} digits is not a finite number")
    return number


def _factor(tokens: list[str], depth: int) -> tuple[Formula, list[str]]:
    if depth > _MAX_DEPTH:
        raise FormulaError(f"it is nested deeper than {_MAX_DEPTH} levels")
    if not tokens:
        raise FormulaError("it ends where a metric id or a number is expected")
    head, rest = tokens[0], tokens[1:]
    if head == "-":
        inner, rest = _factor(rest, depth + 1)
        return Operation("-", Number(0.0), inner), rest
    if head == "(":
        inner, rest = _sum(rest, depth + 1)
        if not rest or rest[0] != ")":
            raise FormulaError("a parenthesis is not closed")
        return inner, rest[1:]
    if head[0].isdigit():
        return Number(_finite(head)), rest
    if head[0].isalpha() or head[0] == "_":
        return Reference(head), rest
    raise FormulaError(f"'{head}' is not expected here")
