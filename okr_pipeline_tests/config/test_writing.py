"""What is written of the model is read back as the same model."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.config.document import read_document
from okr_pipeline.config.scalars import change_by
from okr_pipeline.config.writing import _signed, flow, history_lines, place_of
from okr_pipeline_tests.spec.world import read_yaml

QUARTER = "okrs/2013-q2.yaml"


@given(
    st.one_of(
        st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])), st.floats(allow_nan=False, allow_infinity=False)
    )
)
def test_a_scalar_is_read_back_as_it_was(value):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "it.yaml"
        path.write_text(f"it: {flow(value)}\n", encoding="utf-8")
        assert read_document(path, "it.yaml").value == {"it": value}


@given(st.integers(-(10**6), 10**6).map(lambda it: it / 1000))
def test_a_share_is_read_back_as_the_same_number(percent):
    assert change_by(_signed(percent / 100), "count").value == float(f"{percent}") / 100


def test_every_measure_window_and_plan_is_read_back_as_it_was(editor):
    loaded = {it.full_id: it for it in editor.load().key_results()}
    text = editor.directory.joinpath(QUARTER).read_text()
    for it in loaded.values():
        if it.cycle != "2013-Q2":
            continue
        blank = replace(it, measure=None, weight=-1.0, where=None, over=None, pace=None, starts=None, ends=None)
        kept = {line.split(":")[0]: line for line in history_lines(it, blank)}
        place = place_of(editor.directory, it)
        assert text.splitlines()[place.line - 1].strip() == f"{it.id}:"
        body = _block(text, place)
        editor.files[QUARTER] = text.replace(body, _with(body, kept, place))
        assert {each.full_id: each for each in editor.load().key_results()} == loaded
        editor.write({QUARTER: text})


def _block(text, place):
    lines = text.splitlines(keepends=True)[place.line :]
    block = []
    for line in lines:
        if line.strip() and not line.startswith(" " * (place.keys_column - 1)):
            break
        block.append(line)
    return "".join(block)


def _with(body, kept, place):
    indent = " " * (place.keys_column - 1)
    lines, skipping = [], False
    for line in body.splitlines(keepends=True):
        if line.startswith(f"{indent}{line.strip()[:1]}") and ":" in line:
            skipping = line.strip().split(":")[0] in kept
        if not skipping:
            lines.append(line)
    return "".join([*lines, *(f"{indent}{line}\n" for line in kept.values())])


@pytest.mark.parametrize("text", ["true", "null", "1e5", "2013-05-06", "a: b", "#x", "- a", "", " a ", "é", "1", "1.5"])
def test_a_text_that_reads_like_something_else_is_quoted(text):
    assert read_yaml(f"it: {flow(text)}")["it"] == text
