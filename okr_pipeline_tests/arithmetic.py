"""Working out again what an explanation writes: its arithmetic, and whether its comparisons hold.

Belongs here: reading written arithmetic, and comparing it with scores. Does not: what should be explained.
"""

import ast
import math
import operator
from collections.abc import Sequence
from itertools import pairwise

from okr_pipeline.model.explanation import Explanation, Step
from okr_pipeline.model.score import Status

OF_RECORD = {
    "value": "value", "progress": "progress", "score": "score", "expected progress": "expected_progress", "gap": "gap",
    "expected progress now": "expected_progress_now", "pace ratio": "pace_ratio", "coverage": "coverage",
    "target": "target", "progress as promised first": "original_progress",
}  # fmt: skip
"""Which column of a score each step explains."""

_SIGNS = {"−": "-", "·": "*", "²": "**2"}
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_FUNCTIONS = {"min": min, "max": max}
_NEAR = 1e-9
_ROUNDED = 1e-14
"""Of what is added up, what rounding may leave of it where the rest cancels out."""


def worked_out(numbers: Sequence[str | float]) -> float:
    """What written arithmetic comes to."""
    return _value(ast.parse(_text(numbers), mode="eval").body)


def holds(numbers: Sequence[str | float]) -> bool:
    """Whether a written comparison is true, but for rounding; one that is not written is."""
    if not numbers:
        return True
    compared = ast.parse(_text(numbers).replace("≥", ">=").replace("≤", "<="), mode="eval").body
    assert isinstance(compared, ast.Compare), numbers
    sides = [_value(it) for it in (compared.left, *compared.comparators)]
    return all(_compared(sign, *pair) for sign, pair in zip(compared.ops, pairwise(sides), strict=True))


def check_explanation(it: Explanation) -> int:
    """How many steps of an explanation are arithmetic or a comparison; every one comes to what it explains."""
    every = [*it.steps, *(step for level in it.levels for step in level.steps)]
    for step in it.steps:
        if step.result is not None and step.what in OF_RECORD:
            assert near(step.result, it.record[OF_RECORD[step.what]]), (it.id, step)
    for step in every:
        check_step(step, it.id)
    verdict = [step for step in it.steps if step.what == "status"]
    assert all(step.remark.startswith(Status(it.record["status"]).word) for step in verdict), it.id
    assert it.kind == "objective" or len(verdict) == 1, it.id
    return sum(bool(step.numbers) for step in every)


def check_step(step: Step, name: str) -> None:
    """A step's numbers come to its result, or compare as they are written to."""
    if step.result is None:
        assert holds(step.numbers), (name, step)
    elif step.numbers:
        largest = max(abs(it) for it in step.numbers if not isinstance(it, str))
        assert near(worked_out(step.numbers), step.result, largest), (name, step)


def _compared(sign: ast.cmpop, left: float, right: float) -> bool:
    near = _NEAR * max(1.0, abs(left), abs(right))
    match sign:
        case ast.Lt() | ast.LtE():
            return left <= right + near
        case ast.Gt() | ast.GtE():
            return left >= right - near
    raise AssertionError(f"no comparison that is known: {sign}")


def _text(numbers: Sequence[str | float]) -> str:
    text = "".join(it if isinstance(it, str) else f"({it!r})" for it in numbers)
    for sign, plain in _SIGNS.items():
        text = text.replace(sign, plain)
    return text


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value):
            return float(value)
        case ast.UnaryOp(ast.USub(), operand):
            return -_value(operand)
        case ast.BinOp(left, sign, right):
            return float(_OPERATORS[type(sign)](_value(left), _value(right)))
        case ast.Call(ast.Name(name), arguments):
            return float(_FUNCTIONS[name](*map(_value, arguments)))
    raise AssertionError(f"no arithmetic that is known: {ast.dump(node)}")


def near(found: float, wanted: float, largest: float = 0.0) -> bool:
    """Whether two numbers are equal but for the order in which they were added up, of which one was so large."""
    return math.isclose(found, wanted, rel_tol=_NEAR, abs_tol=max(_NEAR, _ROUNDED * largest))
