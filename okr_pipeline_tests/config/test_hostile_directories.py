"""Directories that nobody writes by mistake: each is refused, with its place, in a little time and memory.

Every case runs in a child that is killed when it needs more than `confined` allows, so none of them can hang a test.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from okr_pipeline_tests.config.confined import CPU_SECONDS

GOOD = {
    "project.yaml": "name: Harbour Air\n",
    "sources/main.yaml": "sources:\n  sheets: {connector: files, path: data/}\n",
    "metrics/main.yaml": "metrics:\n  m0: {source: sheets, file: a.csv, grain: day, unit: count, better: higher, rollup: sum}\n",
}
METRIC = "{source: sheets, file: a.csv, grain: day, unit: count, better: higher, rollup: sum%s}"
CYCLE = "cycle: {id: Z, starts: 2013-01-01, ends: 2013-12-31}\nobjectives:\n"
OBJECTIVE = "  %s: {title: t, level: team, intent: committed, owner: a%s, key_results: {%s: {title: t, owner: o, metric: m0, measure: {accumulate: {to: 3}}}}}\n"
RESULTS = CYCLE + "  o:\n    title: t\n    level: team\n    intent: committed\n    owner: a\n    key_results:\n"

Content = str | bytes | Callable[[Path], object]


def _metrics(count: int, more: str = "", name: str = "x") -> str:
    return "metrics:\n" + "".join(f"  {name}{i}: {METRIC % more}\n" for i in range(count))


def _results(count: int, keys: str) -> str:
    return RESULTS + "".join(f"      k{i}: {{title: t, owner: o, {keys.replace('#', str(i))}}}\n" for i in range(count))


def _formula(text: str) -> str:
    return f"metrics:\n  z: {{formula: '{text}', grain: day, unit: count, better: higher}}\n"


def _laughs(levels: int, width: int) -> str:
    lines = [f"a0: &a0 [{', '.join('x' * width)}]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]" for level in range(1, levels)]
    return "\n".join(lines) + "\n"


def _merges(levels: int) -> str:
    return "a0: &a0 {x: y}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, levels))


REFUSED: Mapping[str, tuple[str, Content, str]] = {
    # YAML that grows
    "billion laughs": ("metrics/x.yaml", _laughs(10, 9), "x.yaml:5:10: aliases repeat too much"),
    "laughs by merges": ("metrics/x.yaml", _merges(30), "'<<' merges mappings"),
    "laughs in two, to the limit": ("metrics/x.yaml", _laughs(40, 2), "aliases repeat too much"),
    "anchor in itself": ("metrics/x.yaml", "metrics: &a [*a]\n", "x.yaml:1:14: an alias (*) points to nothing"),
    "anchor in its own mapping": ("metrics/x.yaml", "metrics: &a {b: {c: *a}}\n", "an alias (*) points to nothing"),
    "brackets": ("metrics/x.yaml", "[" * 1_000_000, "x.yaml:1:51: values are nested deeper than 50 levels"),
    "braces": ("metrics/x.yaml", "{a: " * 250_000, "nested deeper than 50 levels"),
    "dashes": ("metrics/x.yaml", "- " * 500_000, "nested deeper than 50 levels"),
    "indents": ("metrics/x.yaml", "\n".join(" " * i + "a:" for i in range(1_400)), "x.yaml:51:51: values are nested deeper"),
    "nested by an alias": ("metrics/x.yaml", f"a: &a {'[' * 30}{']' * 30}\nb: {'[' * 30}*a{']' * 30}\n", "nested deeper than 50"),
    # Much of everything
    "a large file": ("metrics/x.yaml", "# " + "x" * 1_048_576, "x.yaml:1:1: the file is larger than 1 MB"),
    "a large binary file": ("metrics/x.yaml", bytes(range(256)) * 40_000, "x.yaml:1:1: the file is larger than 1 MB"),
    "50,000 keys": ("metrics/x.yaml", "metrics: {" + ", ".join(f"{i:x}" for i in range(50_000)) + "}\n", "and 49000 more."),
    "50,000 keys of one metric": ("metrics/x.yaml", "metrics: {m1: {" + ", ".join(f"{i:x}: 1" for i in range(50_000)) + "}}\n", "is not a known key"),
    "one key 100,000 times": ("metrics/x.yaml", "metrics:\n" + "  a: 1\n" * 100_000, "x.yaml:3:3: key 'a' is given twice, first at line 2"),
    "a long line": ("metrics/x.yaml", "metrics: {a: {colour: '" + "x" * 1_000_000 + "'}}\n", "x.yaml:1:15: metric 'a': colour is not a known key"),
    "a long key": ("metrics/x.yaml", f"metrics:\n  ? {'k' * 1_000_000}\n  : 1\n", "is not an id"),
    "a long id": ("okrs/x.yaml", _results(1, f"metric: {'k' * 900_000}, measure: {{reach: {{from: 1, to: 2}}}}"), "is not an id"),
    "3,000 unknown metrics": ("okrs/x.yaml", _results(3_000, "metric: n#, measure: {reach: {from: 1, to: 2}}"), "there is no metric 'n0'"),
    "3,000 unknown metrics of 3,000": (
        "", lambda at: (_put(at, "metrics/x.yaml", _metrics(3_000)), _put(at, "okrs/x.yaml", _results(3_000, "metric: y#, measure: {reach: {from: 1, to: 2}}"))),
        "Name one of the metrics that are defined",
    ),
    "2,500 unknown parents": ("okrs/x.yaml", CYCLE + "".join(OBJECTIVE % (f"o{i}", f", parent: p{i}", f"k{i}") for i in range(2_500)), "there is no objective 'p0'"),
    "3,000 unknown zones": ("metrics/x.yaml", _metrics(3_000, ", timezone: Eurpe/Berln"), "Did you mean 'Europe/Berlin'?"),
    "40,000 dimensions": ("metrics/x.yaml", _metrics(1, f", dimensions: [{', '.join(f'd{i}' for i in range(40_000))}, d0]"), "'d0' is given twice"),
    "15,000 checkpoints": (
        "okrs/x.yaml", _results(1, "metric: m0, measure: {accumulate: {to: 2}}, pace: {checkpoints: [" + "{on: 2013-05-01, value: 1}, " * 15_000 + "]}"),
        "is not after the checkpoint before it",
    ),
    "3,000 files": ("", lambda at: [_put(at, f"metrics/{i}.yaml", "metrics: {a: 1}\n") for i in range(3_000)], "is already defined in"),
    "3,000 directories": ("", lambda at: [_put(at, f"metrics/{i}/x.yaml", "metrics: {a: 1}\n") for i in range(3_000)], "is already defined in"),
    "a deep directory": ("metrics/" + "d/" * 400 + "x.yaml", "metrics: {a: 1}\n", "is not a mapping"),
    # Texts that slow patterns
    "an address of colons": ("sources/x.yaml", "sources: {z: {connector: files, path: '" + "://a:" * 150_000 + "@'}}\n", "in clear"),
    "an address of password": ("sources/x.yaml", "sources: {z: {connector: files, path: '://" + "?password" * 80_000 + "=x'}}\n", "in clear"),
    "a store of question marks": ("project.yaml", "name: a\nstore: 'sqlite://" + "?" * 900_000 + "@@'\nmission: []\n", "project.yaml:3:10: project: mission: a list is not text"),
    "variables without end": ("sources/x.yaml", "sources: {z: {connector: files, path: '" + "${A:-" * 150_000 + "'}}\n", "a variable is written wrongly"),
    "blanks": ("sources/x.yaml", "sources: {z: {connector: files, path: '${A" + " " * 900_000 + "}'}}\n", "a variable is written wrongly"),
    # Numbers, dates, durations
    "a number of 5,000 digits": ("metrics/x.yaml", _metrics(1, f", healthy: {{max: {'9' * 5_000}}}"), "this number cannot be used"),
    "a number of 900,000 digits": ("metrics/x.yaml", _metrics(1, f", healthy: {{max: {'9' * 900_000}}}"), "this number cannot be used"),
    "a float of 900,000 digits": ("metrics/x.yaml", _metrics(1, f", healthy: {{max: {'9' * 900_000}.5}}"), "this number cannot be used"),
    "an exponent": ("metrics/x.yaml", _metrics(1, ", healthy: {max: 1e999999999999}"), "this number cannot be used"),
    "not a number": ("metrics/x.yaml", _metrics(1, ", healthy: {max: .nan}"), "this number cannot be used"),
    "a cycle of the year 0": ("okrs/x.yaml", "cycle: {id: Z, starts: 0000-01-01, ends: 2013-01-01}\n", "x.yaml:1:24: cycle: starts: '0000-01-01' is not in the calendar"),
    "a cycle of the year 99999": ("okrs/x.yaml", "cycle: {id: Z, starts: 2013-01-01, ends: 99999-01-01}\n", "'99999-01-01' is not a date"),
    "a cycle of 1,000 years": ("okrs/x.yaml", "cycle: {id: Z, starts: 2013-01-01, ends: 3013-01-01}\n", "'3013-01-01' is out of range"),
    "a cycle of 300 years": ("okrs/x.yaml", "cycle: {id: Z, starts: 1900-01-01, ends: 2200-01-01}\n", "more than a hundred years after starts"),
    "a duration of 10^12 days": ("metrics/x.yaml", _metrics(1, ", freshness: 1000000000000d"), "is not a duration"),
    "a duration of 999,999 months": ("metrics/x.yaml", _metrics(1, ", closes_after: 999999 months"), "is longer than a hundred years"),
    "a window of 900,000 hours": ("okrs/x.yaml", _results(1, "metric: m0, over: trailing 900000h, measure: {reach: {from: 1, to: 2}}"), "is longer than a hundred years"),
    # Formulas
    "10,000 parentheses": ("metrics/x.yaml", _formula("(" * 10_000 + "m0" + ")" * 10_000), "it is longer than 1000 characters"),
    "40 parentheses": ("metrics/x.yaml", _formula("(" * 40 + "m0" + ")" * 40), "it is nested deeper than 30 levels"),
    "400 minus signs": ("metrics/x.yaml", _formula("-" * 400 + "m0"), "it has more than 100 operations"),
    "a chain of 300": ("metrics/x.yaml", _formula("+".join(["m0"] * 300)), "it has more than 100 operations"),
    "a number of 900 digits in a formula": ("metrics/x.yaml", _formula("m0*" + "9" * 900), "is not a finite number"),
    "a circle of 5,000": (
        "metrics/x.yaml", "metrics:\n" + "".join(f"  x{i}: {{formula: x{(i + 1) % 5_000}, grain: day, unit: count, better: higher}}\n" for i in range(5_000)),
        "needs itself: ",
    ),
    # Letters
    "UTF-16 with a mark": ("metrics/x.yaml", "metrics: {}\n".encode("utf-16"), "x.yaml:1:1: the file is not UTF-8 but looks like UTF-16"),
    "UTF-16 without": ("metrics/x.yaml", "metrics: {}\n".encode("utf-16-le"), "x.yaml:1:1: the file is not UTF-8 but looks like UTF-16"),
    "UTF-32": ("metrics/x.yaml", "metrics: {}\n".encode("utf-32-be"), "x.yaml:1:1: the file is not UTF-8 but looks like UTF-16"),
    "Latin-1": ("metrics/x.yaml", "metrics:\n  a: ü\n".encode("latin-1"), "x.yaml:2:6: a byte is not UTF-8"),
    "Latin-1 with the line ends of old Macs": ("metrics/x.yaml", "metrics:\r  a: ü\r".encode("latin-1"), "x.yaml:2:6: a byte is not UTF-8"),
    "surrogates": ("metrics/x.yaml", b"metrics:\n  a: \xed\xa0\x80\n", "x.yaml:2:6: a byte is not UTF-8"),
    "an escaped surrogate": ("metrics/x.yaml", 'metrics:\n  a: "\\ud800"\n', "x.yaml:2:9: a backslash in double quotes names a letter that does not exist"),
    "NUL": ("metrics/x.yaml", b"metrics:\n  a: b\x00c\n", "x.yaml:2:7: an invisible control character (U+0000)"),
    "NUL first": ("metrics/x.yaml", b"\x00metrics: {}\n", "looks like UTF-16"),
    "an escape of terminals": ("metrics/x.yaml", "metrics:\n  a: \x1b[2J\n", "x.yaml:2:6: an invisible control character (U+001B)"),
    "an escaped NUL": ("metrics/x.yaml", 'metrics:\n  a: "b\\0c"\n', "x.yaml:2:6: an invisible control character (U+0000)"),
    "an escaped NUL in a key": ("metrics/x.yaml", 'metrics:\n  "a\\0": b\n', "x.yaml:2:3: an invisible control character (U+0000)"),
    "an escaped escape of terminals": ("metrics/x.yaml", 'metrics:\n  a: "\\e[2J"\n', "x.yaml:2:6: an invisible control character (U+001B)"),
    "a line separator": ("metrics/x.yaml", "metrics:\n  a: b\u2028c: d\n", "x.yaml:2:7: an invisible control character (U+2028)"),
    "next line": ("metrics/x.yaml", "metrics:\n  a: b\x85c: d\n", "x.yaml:2:7: an invisible control character (U+0085)"),
    "right to left": ("metrics/x.yaml", "metrics:\n  a: \u202eb\n", "x.yaml:2:6: an invisible control character (U+202E)"),
    "a letter of another alphabet": ("metrics/x.yaml", _metrics(1, ", l\u0435vel: team"), "It holds U+0435 (CYRILLIC SMALL LETTER IE). Did you mean 'level'?"),
    "a space that is none": ("project.yaml", "name: a\n\u00a0mission: b\n", "It holds U+00A0 (NO-BREAK SPACE). Did you mean 'mission'?"),
    "a version of YAML": ("metrics/x.yaml", "%YAML 9.9\n---\nmetrics: {}\n", "x.yaml:1:1: a %YAML line names another version"),
    "two documents": ("metrics/x.yaml", "metrics: {}\n---\nmetrics: {}\n", "x.yaml:2:1: a second document begins here"),
    # Things that are no files
    "a pipe": ("", lambda at: os.mkfifo(at / "metrics/x.yaml"), "x.yaml:1:1: this is not a file but a pipe"),
    "a device": ("", lambda at: (at / "metrics/x.yaml").symlink_to("/dev/zero"), "x.yaml:1:1: this is not a file but a pipe, a device"),
    "a link to nothing": ("", lambda at: (at / "metrics/x.yaml").symlink_to("nothing"), "x.yaml:1:1: the file cannot be read (No such file or directory)"),
    "a link to itself": ("", lambda at: (at / "metrics/x.yaml").symlink_to("x.yaml"), "x.yaml:1:1: the file cannot be read (Too many levels"),
    "a link upwards": ("", lambda at: (at / "metrics/up").symlink_to(".."), "metrics/up:1:1: this is the directory"),
    "links that multiply": ("", lambda at: [(at / f"metrics/l{i}").symlink_to(".") for i in range(30)], "metrics/l0:1:1: this is the directory"),
    "a directory in the place of the project": ("project.yaml/x.yaml", "a: b\n", "project.yaml:1:1: the file is missing"),
    "a file in the place of a directory": ("", lambda at: (shutil.rmtree(at / "metrics"), _put(at, "metrics.yaml", "a: 1\n")), "Did you mean metrics/metrics.yaml?"),
    "nothing at all": ("", lambda at: (shutil.rmtree(at), at.mkdir()), "project.yaml:1:1: the file is missing"),
    "no directory": ("", shutil.rmtree, ":1:1: there is no such directory"),
    "a file instead": ("", lambda at: (shutil.rmtree(at), at.write_text("a: 1\n")), ":1:1: there is no such directory"),
    # Names
    "a name with a line break": ("metrics/a\nb.yaml", "{", "metrics/a�b.yaml:1:2: a value is expected here"),
    "a name that commands a terminal": ("metrics/\x1b[2J.yaml", "{", "metrics/�[2J.yaml:1:2: a value is expected here"),
    "a name that is no text": ("", lambda at: Path(os.fsdecode(os.fsencode(at / "metrics") + b"/\xff.yaml")).write_text("{"), "metrics/�.yaml:1:2: a value is expected here"),
    "a name that is long": (f"metrics/{'n' * 250}.yaml", "{", ".yaml:1:2: a value is expected here"),
}  # fmt: skip
"""Name → file, its content (or what to do to the directory), and what must be said."""

UNREADABLE: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "a file": (lambda at: (at / "metrics/main.yaml").chmod(0), "main.yaml:1:1: the file cannot be read (Permission denied)"),
    "a directory": (lambda at: (at / "metrics").chmod(0), "metrics:1:1: the directory cannot be listed (Permission denied)"),
    "a directory that cannot be entered": (lambda at: (at / "metrics").chmod(0o444), "main.yaml:1:1: the file cannot be read (Permission denied)"),
    "the whole directory": (lambda at: at.chmod(0), "config:1:1: the directory cannot be listed (Permission denied)"),
}  # fmt: skip

VALID: Mapping[str, tuple[str, Content]] = {
    "UTF-8 with a mark": ("metrics/x.yaml", b"\xef\xbb\xbfmetrics: {}\n"),
    "lines as Windows ends them": ("metrics/x.yaml", (_metrics(3)).replace("\n", "\r\n")),
    "lines as old Macs ended them": ("metrics/x.yaml", (_metrics(3)).replace("\n", "\r")),
    "a formula of 100 operations": ("metrics/x.yaml", _formula("+".join(["m0"] * 101))),
    "a formula of 30 levels": ("metrics/x.yaml", _formula("(" * 30 + "m0" + ")" * 30)),
    "a chain of 2,000 metrics": (
        "metrics/x.yaml", "metrics:\n  x0: {formula: m0, grain: day, unit: count, better: higher}\n"
        + "".join(f"  x{i}: {{formula: x{i - 1} + 1, grain: day, unit: count, better: higher}}\n" for i in range(1, 2_000)),
    ),
    "aliases to the limit": (
        "metrics/x.yaml", f"metrics:\n  a: {METRIC % (', labels: &l {' + ', '.join(f'a{i}: b' for i in range(97)) + '}')}\n"
        + "".join(f"  b{i}: {METRIC % ', labels: *l'}\n" for i in range(100)),
    ),
    "a cycle of a hundred years": ("okrs/x.yaml", "cycle: {id: Z, starts: 2000-01-01, ends: 2099-12-31}\n"),
}  # fmt: skip


def _put(directory: Path, name: str, content: str | bytes) -> None:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _made(directory: Path, name: str = "", content: Content = "") -> Path:
    """A valid directory with one file more, or with something done to it."""
    for good, text in GOOD.items():
        _put(directory, good, text)
    if callable(content):
        content(directory)
    elif name.startswith("project.yaml/"):
        (directory / "project.yaml").unlink()
        _put(directory, name, content)
    elif name:
        _put(directory, name, content)
    return directory


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """A directory that every user may enter; those of pytest are private."""
    root = Path(tempfile.mkdtemp(prefix="okr-hostile-"))
    root.chmod(0o755)
    try:
        yield root
    finally:
        for path in [*root.glob("*/config"), *root.glob("*/config/metrics")]:
            if not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(root)


@pytest.fixture(scope="module")
def told(root: Path) -> dict[str, dict[str, object]]:
    """What became of every case, by its name; one interpreter starts all of their children."""
    good = _made(root / "good")
    made = {
        name: _made(root / f"{index}" / "config", *case[:2])
        for index, (name, case) in enumerate((REFUSED | VALID).items())
    }
    made["a directory whose name is no text"] = _made(root / os.fsdecode(b"\xff"))
    private = {
        f"nobody: {name}": _made(root / f"n{index}" / "config", "", case[0])
        for index, (name, case) in enumerate(UNREADABLE.items())
    }
    command = [
        sys.executable,
        "-m",
        "okr_pipeline_tests.config.confined",
        *map(str, (good, *made.values(), "--as-nobody", *private.values())),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(zip([*made, *private], map(json.loads, done.stdout.splitlines()), strict=True))


CASES = {name: case[2] for name, case in REFUSED.items()} | {
    f"nobody: {name}": case[1] for name, case in UNREADABLE.items()
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_with_its_place_in_a_little_time_and_memory(told, name):
    done = told[name]
    assert done["code"] == 2, done
    assert done["out"] == ""
    assert CASES[name] in done["err"], done["err"][:2_000]
    *lines, count = str(done["err"]).removesuffix("\n").split("\n")
    assert re.fullmatch(r"\d+ problems? in the configuration; nothing was done\.", count)
    for line in lines:
        assert re.match(r"/[^:]+:\d+:\d+: .{10,1400}\Z|… and \d+ more\.\Z", line), line
        assert line.isprintable()
    assert done["cpu_seconds"] < CPU_SECONDS


@pytest.mark.parametrize("name", [*VALID, "a directory whose name is no text"])
def test_what_is_odd_and_in_order_is_accepted(told, name):
    assert told[name]["code"] == 0, told[name]
    assert told[name]["err"] == ""


def test_a_file_that_vanishes_between_listing_and_reading_is_a_problem(tmp_path):
    from okr_pipeline.config.document import read_document

    document = read_document(tmp_path / "gone.yaml", "gone.yaml")
    assert [str(it) for it in document.problems] == [
        "gone.yaml:1:1: the file cannot be read (No such file or directory). Check that it exists and may be read."
    ]


def test_of_thousands_of_problems_the_first_thousand_are_told(told):
    assert len(str(told["one key 100,000 times"]["err"]).splitlines()) == 1_002
