"""A configuration that was mangled at random is explained, never met with a traceback, and never gives a secret away."""

import random
import re
from collections.abc import Callable

import pytest

from okr_pipeline.config.problem import ConfigurationError

SECRETS = ("canary-of-the-environment", "canary-of-the-address", "canary-of-the-store")
ENVIRON = {
    "CRM_SECRET": SECRETS[0],
    "WAREHOUSE_URL": f"postgresql://okr:{SECRETS[1]}@db/okr",
    "OKR_STORE_URL": f"postgresql://okr:{SECRETS[2]}@db/okr",
}
JUNK = (
    "null", "[]", "{}", "''", "-1", "0", "1e999", ".nan", ".inf", "true", "yes", "12:30:00", "010", "2013-13-45", "${NOPE}",
    "${CRM_SECRET}", "[1, [2, [3]]]", "{a: {b: c}}", "!!python/name:os.system x", "*alias", "&anchor x", "'ünïcödé ☃'", "x" * 300,
    "99999999999999999999999999", "- a", "'", '"', "{", "]", "%", "@", "`", "\t", "\x00", "🙂", "<<: {a: b}", "---", "#",
    "2013/lead", "+25%", "trailing 0 days", "-100%", "1_000", "../../etc/passwd", "a" * 101, "\u2028", "\ufeff", "\x85",
)  # fmt: skip


def _line(rng: random.Random, text: str, change: Callable[[str], list[str]]) -> str:
    lines = text.split("\n")
    index = rng.randrange(len(lines))
    return "\n".join([*lines[:index], *change(lines[index]), *lines[index + 1 :]])


def _delete_line(rng: random.Random, text: str) -> str:
    return _line(rng, text, lambda _: [])


def _repeat_line(rng: random.Random, text: str) -> str:
    return _line(rng, text, lambda line: [line, line])


def _move_line(rng: random.Random, text: str) -> str:
    return _line(
        rng, text, lambda line: [" " * rng.randrange(5) + line.lstrip() if rng.random() < 0.5 else "  " + line]
    )


def _replace_value(rng: random.Random, text: str) -> str:
    return _line(rng, text, lambda line: [re.sub(r":.*", lambda _: f": {rng.choice(JUNK)}", line, count=1)])


def _replace_word(rng: random.Random, text: str) -> str:
    words = list(re.finditer(r"[\w./%@+-]+", text))
    word = rng.choice(words)
    return text[: word.start()] + rng.choice((*JUNK, rng.choice(words).group())) + text[word.end() :]


def _misspell(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(("", text[at] * 2, rng.choice("aeiou:-{}[],'\"# "))) + text[at + 1 :]


def _truncate(rng: random.Random, text: str) -> str:
    return text[: rng.randrange(len(text))]


def _insert(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(JUNK) + text[at:]


def _swap_lines(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return "\n".join(lines)


MUTATIONS = (
    _delete_line, _repeat_line, _move_line, _replace_value, _replace_value, _replace_word, _replace_word, _misspell, _misspell,
    _truncate, _insert, _swap_lines,
)  # fmt: skip


def _mutated(editor, seed):
    rng = random.Random(seed)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        file = rng.choice(sorted(editor.files))
        editor.files[file] = rng.choice(MUTATIONS)(rng, editor.files[file]) or "#"
    return editor


@pytest.mark.parametrize("block", range(10))
def test_a_mangled_configuration_is_explained(new_editor, block):
    said = fixed = 0
    for seed in range(block * 40, block * 40 + 40):
        editor = _mutated(new_editor(), seed)
        editor.environ = ENVIRON
        try:
            editor.load()
        except ConfigurationError as error:
            _check(editor, error, seed)
            said += len(error.problems)
            fixed += sum(bool(problem.fix) for problem in error.problems)
    assert said
    assert fixed >= 0.95 * said


def _check(editor, error, seed):
    assert error.problems, seed
    for problem in error.problems:
        text = str(problem)
        assert problem.file.startswith(editor.directory.as_posix()), (seed, text)
        assert problem.line >= 1, (seed, text)
        assert problem.column >= 1, (seed, text)
        assert "\n" not in text, (seed, text)
        assert len(text) < 1000, (seed, text)
        assert not re.search(r"pydantic|Input should|validation error|Traceback|\bNone\b", text), (seed, text)
        assert not any(secret in text for secret in SECRETS), (seed, text)
