"""Writes docs/reference/scoring.md from the tables that test it.

python -m okr_pipeline_tests.spec.generate            writes it
python -m okr_pipeline_tests.spec.generate --check    writes nothing; 1 if it is out of date
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from okr_pipeline.scoring.comparing import PARTS
from okr_pipeline_tests.spec.sections import SECTIONS
from okr_pipeline_tests.spec.tables import Case, Compared, Section, Side, Table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "scoring.md"

_OPENING = """<!-- Written by okr_pipeline_tests/spec/generate.py from the tables beside it; change those instead. -->

# Scores: what the numbers mean

A score is a pure function of the configuration, of what had been observed, and of the instant it speaks about. Every row of
every table below is a test: what is given, what is observed, and the numbers that must come out. Fractions are exact.

Unless a table says otherwise, a key result runs from Monday 1 April to Wednesday 10 April 2013, ten days, in UTC; its
objective is committed; its metric, called `kpi`, has one value a day, adds up (`rollup: sum`), and higher is better.
`–` is none.
"""


def main(arguments: Sequence[str]) -> int:
    """Write the page, or compare it."""
    current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page()
    if "--check" in arguments:
        if not current:
            print(f"{PAGE.name} is out of date: run python -m okr_pipeline_tests.spec.generate")  # noqa: T201
        return 0 if current else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def page() -> str:
    """The whole manual."""
    contents = [f"- [{section.title}](#{_anchor(section.title)})" for section in SECTIONS]
    parts = [_OPENING, "\n".join(contents) + "\n", *(_section(section) for section in SECTIONS)]
    return "\n".join(parts)


def _section(section: Section) -> str:
    return "\n".join([f"## {section.title}\n", _prose(section.prose), *(_table(table) for table in section.tables)])


def _table(table: Table) -> str:
    return "\n".join(
        part
        for part in (f"### {table.title}\n", _prose(table.prose), _given(table), _rows(table), _compared(table))
        if part
    )


def _given(table: Table) -> str:
    """What all cases share, as it is written in the configuration."""
    shared = (
        ("project", table.project),
        ("cycle", table.cycle),
        ("metrics", table.metrics),
        ("kpi", table.metric),
        ("objective", table.objective),
        ("objectives", table.objectives),
        ("key result", table.key_result),
    )
    lines = [f"{name}: {_one_line(written)}" for name, written in shared if written]
    lines += [f"observed: {line}" for line in table.observed]
    lines += [f"told: {line}" for line in table.told]
    return "```yaml\n" + "\n".join(lines) + "\n```\n" if lines else ""


def _rows(table: Table) -> str:
    if not table.cases:
        return ""
    expected = list(dict.fromkeys(name for case in table.cases for name in case.expect))
    given = any(_differs(case) for case in table.cases)
    observed = any(case.observed for case in table.cases)
    asked = len({case.of for case in table.cases}) > 1
    headings = ["case", "of"] if asked else ["case"]
    headings += ["with"] if given else []
    headings += ["observed"] if observed else []
    headings += ["as of", *(f"`{name}`" for name in expected)]
    rows = [_row(case, expected, given=given, observed=observed, asked=asked) for case in table.cases]
    return "\n".join([_line(headings), _line("---" for _ in headings), *map(_line, rows)]) + "\n"


def _row(case: Case, expected: Sequence[str], *, given: bool, observed: bool, asked: bool) -> list[str]:
    cells = [case.says]
    cells += [f"`{case.of}`"] if asked else []
    cells += [_differs(case)] if given else []
    cells += ["<br>".join(f"`{line.strip()}`" for line in case.observed)] if observed else []
    return [*cells, case.as_of, *(_expected(case.expect.get(name, "")) for name in expected)]


def _compared(table: Table) -> str:
    """Rows of two ends; of the parts, those that any of them has."""
    if not table.compared:
        return ""
    named = {name for row in table.compared for name in row.expect}
    expected = [name for name in ("from", *PARTS, "to", "turned") if name in named]
    asked = len({(row.of, row.number) for row in table.compared}) > 1
    headings = ["case", *(["of"] if asked else []), "then", "now", *(f"`{name}`" for name in expected)]
    rows = [_compared_row(row, expected, asked=asked) for row in table.compared]
    return "\n".join([_line(headings), _line("---" for _ in headings), *map(_line, rows)]) + "\n"


def _compared_row(row: Compared, expected: Sequence[str], *, asked: bool) -> list[str]:
    of = [f"{row.number} of `{row.of}`"] if asked else []
    return [row.says, *of, _side(row.then), _side(row.now), *(_expected(row.expect.get(name, "")) for name in expected)]


def _side(side: Side) -> str:
    """An instant, and what was known and defined by then."""
    lines = [side.as_of, *(f"`{line.strip()}`" for line in side.observed)]
    lines += [f"`{_one_line(body)[1:-1]}`" for body in (side.key_result, side.objectives) if body]
    lines += [f"told `{line}`" for line in side.told] + [f"failed `{line}`" for line in side.failed]
    return "<br>".join(lines)


def _expected(cell: str) -> str:
    return cell.replace("-", "−") if cell[:1] == "-" else cell


def _differs(case: Case) -> str:
    """What is laid over the table's for one case."""
    written = [
        ("project", case.project),
        ("kpi", case.metric),
        ("objective", case.objective),
        ("", case.key_result),
        ("fixed baseline", "" if case.baseline is None else f"{{{case.baseline:g}}}"),
        ("told", ", ".join(case.told) and f"{{{', '.join(case.told)}}}"),
        ("failed", ", ".join(case.failed) and f"{{{', '.join(case.failed)}}}"),
    ]
    return "<br>".join(f"{name} `{_one_line(body)[1:-1]}`".strip() for name, body in written if body)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _prose(text: str) -> str:
    return text.strip() + "\n"


def _anchor(title: str) -> str:
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
