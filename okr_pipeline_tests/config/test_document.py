"""What can be wrong with a file as YAML, and exactly what is said about it."""

from typing import Final

import pytest

from okr_pipeline.config.document import read_document

METRICS: Final = "metrics/main.yaml"

CASES: Final = {
    "duplicate key": (
        METRICS,
        "    kind: lagging",
        "    grain: day",
        "metrics/main.yaml:15:5: key 'grain' is given twice, first at line 11, column 5. One of the two would be lost. Remove or rename one of them.",
    ),
    "tab": (
        METRICS,
        "    kind: lagging",
        "	kind: lagging",
        "metrics/main.yaml:15:1: a tab stands here, where spaces indent. The rest of this file cannot be read. Indent with spaces.",
    ),
    "colon in a text": (
        METRICS,
        "name: Average departure delay",
        "name: Average: departure delay",
        "metrics/main.yaml:3:18: a ': ' stands where no key can begin. The rest of this file cannot be read. Put a text that contains ': ' in quotes, and indent keys alike.",
    ),
    "bracket not closed": (
        METRICS,
        "dimensions: [carrier]\n    grain",
        "dimensions: [carrier\n    grain",
        "metrics/main.yaml:10:17: a bracket or brace is not closed, or a comma is missing. The rest of this file cannot be read. Close it, and separate its items by commas.",
    ),
    "quote not closed": (
        METRICS,
        "name: Cost per flight",
        "name: 'Cost per flight",
        "metrics/main.yaml:38:11: a quote or bracket is not closed before the file ends. The rest of this file cannot be read. Close it.",
    ),
    "tag": (
        METRICS,
        "kind: lagging",
        "kind: !!python/object:os.system lagging",
        "metrics/main.yaml:15:11: a tag (!) is not allowed. Values are plain text, numbers, true, false, null, lists and mappings. Remove it, or put the text in quotes if it begins with '!'.",
    ),
    "merge key": (
        METRICS,
        "    kind: lagging",
        "    <<: {kind: lagging}",
        "metrics/main.yaml:15:5: '<<' merges mappings, which YAML 1.2 does not know. A merged key would be found in no place of its own. Write the keys out.",
    ),
    "unknown alias": (
        METRICS,
        "kind: lagging",
        "kind: *lagging",
        "metrics/main.yaml:15:11: an alias (*) points to nothing that is complete above it. An alias repeats a value that an anchor (&) has named before. Put the text in quotes if no alias is meant, or name a value with & above.",
    ),
    "second document": (
        METRICS,
        "  spend:\n",
        "---\n  spend:\n",
        "metrics/main.yaml:35:1: a second document begins here. A file holds one document, and what follows '---' would be lost. Remove the '---' or move what follows into a file of its own.",
    ),
    "key that is a mapping": (
        METRICS,
        "kind: lagging",
        "kind: {{a: b}: c}",
        "metrics/main.yaml:15:12: a key is a list, a mapping or an alias. Keys are texts; braces around a value, as in {{x}}, are read as a mapping. Write the key as text, and put a text that begins with { [ or * in quotes.",
    ),
    "indentation": (
        METRICS,
        "    kind: lagging",
        "   kind: lagging",
        "metrics/main.yaml:15:4: a key is expected here. The rest of this file cannot be read. Indent the keys of one mapping alike, and put values with quotes inside in quotes.",
    ),
    "control character": (
        METRICS,
        "kind: lagging",
        "kind: lagging",
        "metrics/main.yaml:15:14: an invisible control character (U+0007) stands here. It cannot be seen, and may show a text otherwise than it is read. Remove it.",
    ),
    "percent sign": (
        METRICS,
        "kind: lagging",
        "kind: %lagging",
        "metrics/main.yaml:15:11: a character stands here that cannot begin a value, such as a tab, @, ` or %. The rest of this file cannot be read. Indent with spaces, and put such a text in quotes.",
    ),
}
"""Name → file, what stands there, what is written instead, and every message."""


@pytest.mark.parametrize(
    ("file", "old", "new", "messages"), [(*case[:3], case[3:]) for case in CASES.values()], ids=list(CASES)
)
def test_every_mistake_is_told_with_its_place_and_its_remedy(editor, file, old, new, messages):
    assert editor.edit(file, old, new).problems() == list(messages)


def _read(tmp_path, content):
    path = tmp_path / "file.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_document(path, "file.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("yes", "yes"), ("y", "y"), ("True", True), ("true", True), ("false", False), ("~", None),
        ("null", None), ("", None), ("010", "010"), ("0x1F", "0x1F"), ("0o17", "0o17"), ("1_000", "1_000"), ("12:30:00", "12:30:00"),
        ("2013-04-01", "2013-04-01"), ("1", 1), ("-1", -1), ("+300", 300), ("0", 0), ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0),
        ("01.5", "01.5"), ("1.2.3", "1.2.3"), ("'1'", "1"), ('"null"', "null"), ("'true'", "true"), ("=", "="), ("+25%", "+25%"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2_and_dates_and_times_stay_text(tmp_path, text, value):
    read = _read(tmp_path, f"key: {text}\n").value["key"]
    assert (type(read), read) == (type(value), value)


def test_an_alias_repeats_a_value_and_its_problems_are_told_where_it_is_used(tmp_path):
    document = _read(tmp_path, "a: &x {b: 1}\nc: *x\n")
    assert document.value == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.position(("c", "b")) == (2, 4)


def test_keys_are_text_whatever_they_look_like(tmp_path):
    assert _read(tmp_path, "2013: a\ntrue: b\nnull: c\n").value == {"2013": "a", "true": "b", "null": "c"}


def test_columns_count_letters_not_bytes(tmp_path):
    assert _read(tmp_path, "ключ: 1\nй: {ü: 2}\n").position(("й", "ü")) == (2, 8)


@pytest.mark.parametrize(
    ("text", "path", "of_key", "position"),
    [
        ("a:\n  b: 1\n", ("a", "b"), False, (2, 6)),
        ("a:\n  b: 1\n", ("a", "b"), True, (2, 3)),
        ("a:\n  - b\n  - c: 1\n", ("a", 1, "c"), False, (3, 8)),
        ("a:\n  - b\n", ("a", 7), False, (2, 3)),
        ("a: {b: 1}\n", ("a", "nothing", "more"), False, (1, 4)),
        ("", ("a",), False, (1, 1)),
    ],
)
def test_a_path_leads_to_its_place_or_to_what_is_around_it(tmp_path, text, path, of_key, position):
    assert _read(tmp_path, text).position(path, of_key=of_key) == position


DEEP = "[" * 60 + "]" * 60
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (LAUGHS, "file.yaml:5:10: aliases repeat too much. A file has at most 100 aliases, which repeat at most 10000 values. Write the values out."),
        ("a: &a 1\nb: [" + "*a, " * 101 + "1]", "file.yaml:2:405: aliases repeat too much. A file has at most 100 aliases, which repeat at most 10000 values. Write the values out."),
        (f"a: {DEEP}", "file.yaml:1:53: values are nested deeper than 50 levels. No configuration is. Check the brackets and the indentation."),
        ("[" * 500_000, "file.yaml:1:51: values are nested deeper than 50 levels. No configuration is. Check the brackets and the indentation."),
        ("- " * 100_000, "file.yaml:1:101: values are nested deeper than 50 levels. No configuration is. Check the brackets and the indentation."),
        ("a: &a [*a]", "file.yaml:1:8: an alias (*) points to nothing that is complete above it. An alias repeats a value that an anchor (&) has named before. Put the text in quotes if no alias is meant, or name a value with & above."),
        ("a: " + "x" * 1_048_576, "file.yaml:1:1: the file is larger than 1 MB. No file written by hand is, and reading it would take long. Split it: every file of the directory is read."),
        ("a: 1\nb: ü".encode("latin-1"), "file.yaml:2:4: a byte is not UTF-8. Files are read as UTF-8, so that no letter is guessed. Save the file as UTF-8."),
        ("a: 1".encode("utf-16"), "file.yaml:1:1: the file is not UTF-8 but looks like UTF-16 or UTF-32. Files are read as UTF-8. Save it as UTF-8."),
        ("a: 1".encode("utf-16-be"), "file.yaml:1:1: the file is not UTF-8 but looks like UTF-16 or UTF-32. Files are read as UTF-8. Save it as UTF-8."),
        ("a: 1".encode("utf-32"), "file.yaml:1:1: the file is not UTF-8 but looks like UTF-16 or UTF-32. Files are read as UTF-8. Save it as UTF-8."),
        (b"a: 1\nb: \x00", "file.yaml:2:4: an invisible control character (U+0000) stands here. It cannot be seen, and may show a text otherwise than it is read. Remove it."),
        ("? [a]\n: b", "file.yaml:1:3: a key is a list, a mapping or an alias. Keys are texts; braces around a value, as in {{x}}, are read as a mapping. Write the key as text, and put a text that begins with { [ or * in quotes."),
    ],
    ids=["laughs", "aliases", "deep", "brackets", "dashes", "recursive", "large", "latin-1", "utf-16", "utf-16-be", "utf-32", "nul", "key"],
)  # fmt: skip
def test_bombs_and_odd_files_are_refused_with_their_place(tmp_path, content, message):
    document = _read(tmp_path, content)
    assert document.broken
    assert [str(problem) for problem in document.problems] == [message]


def test_a_byte_order_mark_is_passed_over(tmp_path):
    assert _read(tmp_path, b"\xef\xbb\xbfa: 1").value == {"a": 1}


def test_a_file_that_may_not_be_read_is_a_problem(tmp_path):
    document = read_document(tmp_path, "file.yaml")
    assert document.broken
    assert "cannot be read" in str(document.problems[0])


def test_every_duplicate_is_told_and_the_first_is_kept(tmp_path):
    document = _read(tmp_path, "a: 1\nb: {c: 1, c: 2}\na: 3\na: 4\n")
    assert document.value == {"a": 1, "b": {"c": 1}}
    assert [(problem.line, problem.column) for problem in document.problems] == [(2, 11), (3, 1), (4, 1)]
