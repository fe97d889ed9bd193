"""JMESPath (https://jmespath.org): what is taken out of an answer.

Belongs here: checking and evaluating expressions, three functions that the language lacks, and three that round once.
Does not: what becomes of what is found.

`items({"a": 1})` gives `[["a", 1]]`, for objects whose keys are days; `zip([1, 2], [3, 4])` gives `[[1, 3], [2, 4]]`,
for answers that are columns; `pairs([{"id": 7, "days": [1, 2]}], 'days')` gives each record of an inner list with its
outer one, `[[{"id": 7, …}, 1], [{"id": 7, …}, 2]]`, for rows that need words of both.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

import jmespath
from jmespath import exceptions, functions
from jmespath.parser import ParsedResult

from connectors.errors import ContractError, metric_key
from connectors.numbers import Written, mean, total


class _Functions(functions.Functions):
    @functions.signature({"types": ["object"]})
    def _func_items(self, mapping: Mapping[str, Any]) -> list[list[Any]]:
        return [[key, value] for key, value in mapping.items()]

    @functions.signature({"types": ["array"], "variadic": True})
    def _func_zip(self, *columns: list[Any]) -> list[list[Any]]:
        lengths = sorted({len(column) for column in columns})
        if len(lengths) > 1:
            raise ContractError(
                f"zip() was given lists of {lengths[0]} and {lengths[-1]} values, which are no columns of one table."
                " Correct ",
                metric_key("rows"),
                ".",
            )
        return [list(row) for row in zip(*columns, strict=True)]

    @functions.signature({"types": ["array"]}, {"types": ["string"]})
    def _func_pairs(self, records: list[Any], key: str) -> list[list[Any]]:
        lacking = [it for it in records if not isinstance(it, dict) or not isinstance(it.get(key), list)]
        if lacking:
            raise ContractError(
                f"pairs() was given a record without a list {key}. Correct ",
                metric_key("rows"),
                f"; records that may have none are left out by [?{key}].",
            )
        return [[record, inner] for record in records for inner in record[key]]

    @functions.signature({"types": ["array-number"]})
    def _func_sum(self, numbers: list[float]) -> float:
        return total(numbers)

    @functions.signature({"types": ["array-number"]})
    def _func_avg(self, numbers: list[float]) -> float | None:
        return mean(numbers) if numbers else None

    @functions.signature({"types": []})
    def _func_to_number(self, value: Any) -> float | None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        return _number(value) if isinstance(value, str) else None


_OPTIONS: Final = jmespath.Options(custom_functions=_Functions())


def found(expression: str, document: Any) -> Any:
    """What an expression finds; None where there is nothing.

    >>> found("data[*].{period: [0], value: [1]}", {"data": [["2026-01-01", 5]]})
    [{'period': '2026-01-01', 'value': 5}]

    Raises:
        ContractError: the answer is not of the kind that the expression wants.
    """
    try:
        return _compiled(expression).search(document, options=_OPTIONS)
    except exceptions.JMESPathError as error:
        said = " ".join(str(error).split())[:200]
        raise ContractError(f"The answer does not fit the expression {expression}: {said}. Correct one.") from None


def check_expression(expression: str) -> str:
    """The expression, which can be evaluated.

    Raises:
        ValueError: it cannot; what, why and what to do.
    """
    try:
        names = set(_functions(_compiled(expression).parsed))
    except exceptions.JMESPathError as error:
        lines = str(error).splitlines() or [""]
        raise ValueError(
            f"is no JMESPath: {lines[0].rstrip(':')}", "It says where in the answer to look", "See https://jmespath.org"
        ) from None
    for name in sorted(names - _Functions.FUNCTION_TABLE.keys()):
        near = get_close_matches(name, _Functions.FUNCTION_TABLE, 1)
        raise ValueError(
            f"calls {name}(), which is no function of JMESPath",
            "It says where in the answer to look",
            f"Did you mean {near[0]}()?" if near else "See https://jmespath.org/specification.html#built-in-functions",
        )
    return expression


def _number(text: str) -> float | None:
    for read in (int, Written, float):
        with suppress(ValueError):
            return read(text.strip())
    return None


@cache
def _compiled(expression: str) -> ParsedResult:
    return jmespath.compile(expression)


def _functions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("type") == "function_expression":
            yield str(node["value"])
        for child in node.get("children", ()):
            yield from _functions(child)
