"""An explanation as sections of facts, tables and text, and as one page of Markdown for a ticket or a pull request.

Belongs here: its words and tables, the same for the terminal and Markdown. Does not: anything computed (application).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from okr_pipeline.model.explanation import Explanation, Level, Row, Step, Written
from okr_pipeline.model.score import Status
from okr_pipeline.model.zones import zone
from okr_pipeline.rendering import numbers, words
from okr_pipeline.rendering.markdown import cell, fenced, table

DIGITS = 6
"""Significant digits that people check by hand with; JSON has all."""
_ROWS_SHOWN = 30
_HASH_SHOWN = 12
Cells = tuple[str, ...]
_RUN_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: facts, or a table, or both, with lines before and a verbatim text after them."""

    title: str
    lines: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    verbatim: str = ""


def explanation_markdown(it: Explanation) -> str:
    """The page."""
    parts = [f"# {cell(it.title)}", "", cell(opening(it)), ""]
    for section in sections(it):
        parts += [f"## {cell(section.title)}", ""]
        for line in section.lines:
            parts += [cell(line), ""]
        if section.rows:
            parts += table(section.headings, section.rows)
        if section.verbatim:
            parts += [*fenced(section.verbatim), ""]
    return "\n".join(parts)


def opening(it: Explanation) -> str:
    """What is explained, its status, as of when and by which definitions."""
    known = f" · as known at {_at(it.known_at, it)}" if it.known_at else ""
    when = words.moment(datetime.fromisoformat(it.as_of), zone(it.timezone))
    return f"{it.id} · {_status(it.record)} · as of {when}{known} · config {it.config_version}"


def sections(it: Explanation) -> tuple[Section, ...]:
    """All parts that there is something to say in."""
    every = [
        _facts("Definition", it.definition),
        _amendments(it),
        Section("How the number is made", (), _STEP, tuple(map(_step, it.steps))),
        *(_level(level, "Above it" if number else _FIRST[it.kind]) for number, level in enumerate(it.levels)),
        _periods(it),
        _observations(it),
        _quarantined(it),
        *(_metric(facts) for facts in it.metrics),
        *(_query(row, it) for row in it.queries),
        _checks(it),
        _runs(it),
        _check_ins(it),
    ]
    return tuple(section for section in every if section.lines or section.rows or section.verbatim)


def written(parts: Written, *, digits: int | None = DIGITS) -> str:
    """Arithmetic as text; numbers with so many significant digits, or in full.

    >>> written((11.105236, " − ", -15.0)), written((1 / 3,), digits=None), written((1234567.0,))
    ('11.1052 − (−15)', '0.3333333333333333', '1234567')
    """
    return "".join(
        part if isinstance(part, str) else _bracketed(figure(part, digits), first=number == 0)
        for number, part in enumerate(parts)
    )


def figure(value: float | None, digits: int | None = DIGITS) -> str:
    """A number to check by hand: no needless zeros, whole numbers in full.

    >>> figure(0.9736909), figure(123206.0), figure(957211.25), figure(-2.0), figure(None)
    ('0.973691', '123206', '957211', '−2', '–')
    """
    if value is None:
        return numbers.UNKNOWN
    whole = float(value).is_integer() and abs(value) < 1e15
    text = f"{value:.0f}" if whole else repr(value) if digits is None else _rounded(value, digits)
    return text.replace("-", numbers.MINUS)


def _rounded(value: float, digits: int) -> str:
    return f"{value:.0f}" if 10**digits <= abs(value) < 1e15 else f"{value:.{digits}g}"


def _bracketed(text: str, *, first: bool) -> str:
    return text if first or not text.startswith(numbers.MINUS) else f"({text})"


_STEP = ("step", "formula", "with numbers")


def _step(step: Step) -> tuple[str, ...]:
    return step.what, step.how, _outcome(step)


def _outcome(step: Step) -> str:
    """`1 / 2 = 0.5 (remark)`, `0.9 ≥ 0.7: remark`, or the remark alone."""
    text = written(step.numbers)
    if step.result is None:
        return f"{text}: {step.remark}" if text else step.remark
    result, remark = figure(step.result), f" ({step.remark})" if step.remark else ""
    return f"{result}{remark}" if text in ("", result) else f"{text} = {result}{remark}"


def _facts(title: str, facts: Mapping[str, str]) -> Section:
    return Section(title, (), ("", ""), tuple(facts.items()))


def _amendments(it: Explanation) -> Section:
    return Section(
        "Amendments", tuple(f"{row['written']}{'' if row['holds'] else ', not yet'}" for row in it.amendments)
    )


def _metric(facts: Mapping[str, str]) -> Section:
    return _facts(f"Metric {facts['metric']}", {name: fact for name, fact in facts.items() if name != "metric"})


_FIRST = {"key_result": "Its objective", "objective": "Made of"}


def _level(level: Level, place: str) -> Section:
    """One objective with what its score is made of."""
    title = place if place == _FIRST["objective"] else f"{place}: {level.title}"
    share = (
        [] if level.share in (None, 1.0) else [f"What is explained here has {figure(level.share)} of the weight in it."]
    )
    steps = [f"{step.what}: {_outcome(step)}" for step in level.steps]
    shown = _members_shown(level)
    more = [] if len(shown) == len(level.members) else [_left_out(level, len(shown))]
    lines = (f"{level.objective} · {words.status_word(level.status)} · {level.rises}", *steps, *share, *more)
    return Section(title, lines, ("member", "status", "weight", "score", ""), tuple(map(_member, shown)))


def _members_shown(level: Level) -> tuple[Row, ...]:
    """All where there are few; of many the one on the way and those that the score lacks most by, in their order."""
    if len(level.members) <= _ROWS_SHOWN:
        return level.members
    worst = sorted(level.members, key=lambda row: (row["id"] != level.through, -_lacking(row)))[:_ROWS_SHOWN]
    shown = {row["id"] for row in worst}
    return tuple(row for row in level.members if row["id"] in shown)


def _lacking(row: Row) -> float:
    """By how much weight a member keeps a score from 1; all of it where its score is unknown, none outside."""
    if row["score"] is None:
        return float(row["weight"]) if row["status"] == Status.UNKNOWN else 0.0
    return float(row["weight"]) * (1.0 - float(row["score"])) if row["counts"] else 0.0


def _left_out(level: Level, shown: int) -> str:
    own = "" if level.through is None else f"{level.through} and "
    rest = shown if level.through is None else shown - 1
    return f"Of {len(level.members):,} members {own}the {rest} that it lacks most by are shown; --json has all."


def _member(row: Row) -> tuple[str, ...]:
    left_out = "" if row["counts"] else "not in the score"
    return row["id"], _status(row), figure(row["weight"]), figure(row["score"]), left_out


def _periods(it: Explanation) -> Section:
    record, every = it.record, it.periods
    if it.kind != "key_result" or record.get("window_start") is None:
        return Section("Window")
    missing = [row for row in every if row["mark"] in ("missing", "refused")]
    newest = f", the newest until {_until(record['value_period_end'], it)}" if record["value_period_end"] else ""
    # A sum lacks what is late, and the share counts up to the newest alone.
    newest += " and none after it" if newest and record["value_period_end"] < record["window_end"] else ""
    still = ", which may still change" if record["provisional"] else ""
    span = f"From {_at(record['window_start'], it)} until {_until(record['window_end'], it)}"
    seen = f"; {_observed(record)} observed{newest}{still}" if record["expected_periods"] is not None else ""
    lines = [f"{span}{seen}."]
    lines += [f"{row['mark'].capitalize()}: {_at(row['period_start'], it)}" for row in missing[:_ROWS_SHOWN]]
    if record.get("straddling_periods"):
        across = words.plural(int(record["straddling_periods"]), "period lies", "periods lie")
        lines.append(f"{across} across an edge of the window: not counted.")
    met = tuple(
        (_at(row["period_start"], it), figure(row["value"]), row["mark"]) for row in every if "met" in row["mark"]
    )
    return Section("Window", tuple(lines), ("period starts", "sum", "") if met else (), met)


def _observed(record: Row) -> str:
    return f"{record['observed_periods']:.0f} of {words.plural(int(record['expected_periods']), 'period')}"


def _observations(it: Explanation) -> Section:
    every = it.observations
    marked = [row for row in every if row["mark"]]
    shown = every if len(every) <= _ROWS_SHOWN else every[-_ROWS_SHOWN:]
    older = [row for row in marked if row not in shown]
    if not every:
        return Section("Observations")
    counts = [f"{sum(row['mark'] == mark for row in every)} {mark}" for mark in ("late", "restated", "withdrawn")]
    told = [count for count in counts if not count.startswith("0 ")]
    more = f"; the newest {_ROWS_SHOWN} and older ones with a mark are shown, --json has all" if shown != every else ""
    line = f"{words.plural(len(every), 'row')}{': ' if told else ''}{', '.join(told)}{more}."
    headings = ("metric", "members", "period starts", "value", "weight", "revision", "run", "")
    rows = tuple(_observation(row, it) for row in (*older, *shown))
    return Section("Observations", (line,), *_without_one_metric(headings, rows))


def _without_one_metric(headings: Cells, rows: tuple[Cells, ...]) -> tuple[Cells, tuple[Cells, ...]]:
    """A table without its column of metrics where all rows are of one: its section stands above, and room is scarce."""
    at = headings.index("metric")
    if len({row[at] for row in rows}) > 1:
        return headings, rows
    return (*headings[:at], *headings[at + 1 :]), tuple((*row[:at], *row[at + 1 :]) for row in rows)


def _observation(row: Row, it: Explanation) -> tuple[str, ...]:
    was = f" (was {', '.join(map(figure, row['was']))})" if row["was"] else ""
    return (
        row["metric"],
        words.members(row["dimensions"]),
        _at(row["period_start"], it),
        figure(row["value"]),
        "" if row["weight"] is None else figure(row["weight"]),
        str(row["revision"]),
        str(row["run_id"])[:_RUN_SHOWN],
        f"{row['mark']}{was}",
    )


def _quarantined(it: Explanation) -> Section:
    shown = it.quarantined[:_ROWS_SHOWN]
    if not shown:
        return Section("Refused")
    more = f"; the first {_ROWS_SHOWN} are shown" if len(it.quarantined) > _ROWS_SHOWN else ""
    line = f"{words.plural(len(it.quarantined), 'value')} of its metrics that a check refused{more}."
    rows = [
        (row["metric"], words.members(row["dimensions"]), _at(row["period_start"], it), row["reason"]) for row in shown
    ]
    return Section("Refused", (line,), ("metric", "members", "period starts", "why"), tuple(rows))


def _query(row: Row, it: Explanation) -> Section:
    title = f"Read of {row['metric']} from {row['source']}"
    if row["request"] is None:
        return Section(title, ("No read of it changed anything.",))
    line = (
        f"{words.plural(int(row['row_count']), 'row')} read {_at(row['fetched_at'], it)}"
        f" for {_at(row['window_start'], it)} until {_until(row['window_end'], it)};"
        f" fingerprint {str(row['fingerprint'])[:_HASH_SHOWN]}, response {str(row['response_hash'])[:_HASH_SHOWN]},"
        f" run {str(row['run_id'])[:_RUN_SHOWN]}."
    )
    return Section(title, (line,), verbatim=str(row["request"]).strip())


def _checks(it: Explanation) -> Section:
    rows = [(row["rule"], row["metric"], row["status"], _counted(row), str(row["detail"] or "")) for row in it.checks]
    return Section("Checks", (), *_without_one_metric(("check", "metric", "outcome", "rows", "detail"), tuple(rows)))


def _counted(row: Row) -> str:
    failed = f", {row['rows_failed']:.0f} failed" if row["rows_failed"] else ""
    return f"{row['rows_checked']:.0f}{failed}"


def _runs(it: Explanation) -> Section:
    told = [row for row in it.runs if row["kind"]]
    more = len(it.runs) - len(told)
    rows = [
        (str(row["run_id"])[:_RUN_SHOWN], row["kind"], _at(row["started_at"], it), row["status"],
         str(row["config_version"] or numbers.UNKNOWN), str(row["rows"]))
        for row in told
    ]  # fmt: skip
    lines = (f"and {words.plural(more, 'earlier run')}; --json has all",) if more and told else ()
    return Section("Runs behind the rows", lines, ("run", "kind", "began", "outcome", "config", "rows"), tuple(rows))


def _check_ins(it: Explanation) -> Section:
    rows = [
        (
            row["on_date"],
            row["author"],
            "" if row["value"] is None else figure(row["value"]),
            "" if row["confidence"] is None else numbers.percent(row["confidence"]),
            _said(row),
            str(row["revision"]),
        )
        for row in it.check_ins
    ]
    return Section("Check-ins", (), ("day", "author", "value", "confidence", "said", "revision"), tuple(rows))


def _said(row: Row) -> str:
    finding = f"finding: {row['finding']}" if row["finding"] else None
    return " · ".join(text for text in (row["note"], finding) if text)


def _status(record: Row) -> str:
    status = Status(record["status"])
    reason = "" if record.get("reason") in (None, status.value) else f" ({words.reason(record['reason'])})"
    return f"{status.glyph} {status.word}{reason}"


def _until(text: str | None, it: Explanation) -> str:
    """An instant that ends something: the end of the day before where a day starts."""
    if text is None:
        return numbers.UNKNOWN
    at, here = datetime.fromisoformat(text), zone(it.timezone)
    return f"the end of {words.last_day(at, here)}" if words.starts_day(at, here) else _at(text, it)


def _at(text: str | None, it: Explanation) -> str:
    """A JSON instant in the project's zone: a date where a day starts, else to the minute."""
    if text is None:
        return numbers.UNKNOWN
    at, here = datetime.fromisoformat(text), zone(it.timezone)
    local = at.astimezone(here)
    return f"{local:%Y-%m-%d}" if words.starts_day(at, here) else f"{local:%Y-%m-%d %H:%M %Z}"
