"""A thousand mistakes in the real example, each told by the real command: placed, with its fix named, no secret shown.

What counts as naming the fix is written down in `mutating`.
"""

import gc
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from okr_pipeline.cli.main import main
from okr_pipeline_tests.config.mutating import VAGUE, Example, Mutation, draw

EXAMPLE = Path(__file__).parents[2] / "config"
SEEDS = range(1_000)
SECRETS = {
    "WAREHOUSE_URL": "postgresql://okr:canary-of-the-warehouse@127.0.0.1/okr",
    "OKR_STORE_URL": "postgresql://okr:canary-of-the-store@127.0.0.1/okr",
}
LINE = re.compile(r"(?P<file>[^:\n]+):(?P<line>\d+):(?P<column>\d+): (?P<text>.+)")
ODD = re.compile(r"Traceback|pydantic|yaml\.|Error\b|validation error|Input should|\bNone\b|0x[0-9a-f]{6}|\bNaN\b")


@dataclass(frozen=True)
class Told:
    """What `okr validate` made of a mutation."""

    mutation: Mutation
    code: int
    out: str
    err: str

    @property
    def problems(self) -> list[re.Match[str]]:
        """The lines that place something; the last line only counts them."""
        return [match for line in self.err.splitlines()[:-1] if (match := LINE.fullmatch(line))]

    @property
    def names_the_fix(self) -> bool:
        """Whether a message on the lines of the mistake holds one of its answers."""
        if self.mutation.noise:
            return any(not problem["text"].endswith(tuple(f"{it}." for it in VAGUE)) for problem in self._near())
        return any(answer in problem["text"] for problem in self._near() for answer in self.mutation.answers)

    def _near(self) -> list[re.Match[str]]:
        here = [it for it in self.problems if it["file"].endswith(f"/{self.mutation.file}")]
        near = [it for it in here if int(it["line"]) in self.mutation.lines]
        # What noise breaks may only come out further down, or in a file that refers to what it took away.
        return near or (self.problems[:1] if self.mutation.noise else [])


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example's configuration."""
    directory = tmp_path_factory.mktemp("example") / "config"
    shutil.copytree(EXAMPLE, directory, ignore=shutil.ignore_patterns("data", ".schema", "__pycache__", "*.py"))
    return directory


@pytest.fixture(scope="module")
def example(directory: Path) -> Example:
    return Example(directory)


@pytest.fixture(scope="module")
def environment() -> Iterator[None]:
    """Variables that hold secrets, and the garbage collector as the command found it."""
    threshold = gc.get_threshold()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.fixture(scope="module")
def told(directory: Path, example: Example, environment: None, redirected: "Redirected") -> list[Told]:
    """Every seed's mistake and what was said of it."""
    return [_validated(directory, draw(example, seed), redirected) for seed in SEEDS]


class Redirected:
    """Runs the command in this process, with what it prints kept."""

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        from contextlib import redirect_stderr, redirect_stdout
        from io import StringIO

        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as stop:
            main(arguments)
        return int(stop.value.code or 0), out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def redirected() -> Redirected:
    return Redirected()


def _validated(directory: Path, mutation: Mutation, okr: Redirected) -> Told:
    path = directory / mutation.file
    before = path.read_bytes()
    path.write_bytes(mutation.content)
    try:
        return Told(mutation, *okr("validate", "--config", str(directory)))
    finally:
        path.write_bytes(before)


def _wrong(told: list[Told]) -> list[Told]:
    return [it for it in told if it.code]


def test_what_is_wrong_exits_with_2_and_what_is_not_with_0(told):
    for it in told:
        if it.mutation.noise:
            assert it.code in (0, 2), it
        else:
            assert it.code == (2 if it.mutation.answers else 0), it
    counts = Counter(it.code for it in told)
    sys.stdout.write(f"{counts[2]} refused, {counts[0]} still valid\n")
    assert counts[2] >= 900
    assert counts[0] >= 25


def test_what_is_only_written_otherwise_means_the_same(told, directory, environment, redirected):
    version = redirected("validate", "--config", str(directory))[1]
    assert {it.out for it in told if it.mutation.kind == "harmless"} == {version}


def test_every_message_has_a_file_a_line_and_a_column_that_are_there(told, directory, example):
    for it in _wrong(told):
        *lines, count = it.err.splitlines()
        assert len(it.problems) == len(lines) > 0, it
        assert count == f"{len(lines)} problem{'s' if len(lines) > 1 else ''} in the configuration; nothing was done."
        for problem in it.problems:
            name = Path(problem["file"]).relative_to(directory).as_posix()
            text = it.mutation.content.decode(errors="replace") if name == it.mutation.file else example.files[name]
            assert 1 <= int(problem["line"]) <= len(re.split("\r\n|\r|\n", text)), (problem[0], it.mutation)
            assert int(problem["column"]) >= 1


def test_no_message_is_a_traceback_the_words_of_a_library_or_a_secret(told):
    for it in told:
        assert not ODD.search(it.err), it.err
        assert "canary" not in it.out + it.err
        assert "hunter2" not in it.out + it.err
        assert all(len(line) < 1_000 for line in it.err.splitlines())
        assert it.code == 0 or it.out == ""


def test_19_of_20_messages_name_the_fix_and_no_kind_of_mistake_is_left_behind(told):
    wrong, named = Counter(it.mutation.kind for it in _wrong(told)), Counter()
    named.update(it.mutation.kind for it in _wrong(told) if it.names_the_fix)
    sys.stdout.write(f"{named.total()} of {wrong.total()} name the fix\n")
    sys.stdout.writelines(f"  {kind}: {named[kind]} of {wrong[kind]}\n" for kind in wrong)
    assert named.total() >= 0.95 * wrong.total()
    assert not [kind for kind in wrong if named[kind] < 0.85 * wrong[kind]]


def test_the_same_is_told_by_a_process_of_its_own(told, directory, environment):
    for it in Random(10).sample(told, 4):
        path = directory / it.mutation.file
        before = path.read_bytes()
        path.write_bytes(it.mutation.content)
        command = [sys.executable, "-m", "okr_pipeline.cli", "validate", "--config", str(directory)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        finally:
            path.write_bytes(before)
        assert (done.returncode, done.stdout, done.stderr) == (it.code, it.out, it.err)
