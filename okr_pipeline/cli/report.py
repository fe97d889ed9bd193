"""What a run says while it works and when it is done.

Belongs here: the progress bar, the closing lines, the exit code. Does not: the facts (the run's summary in the store).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from okr_pipeline.application.telling import stamp
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.cli.failures import DONE, FAILED, IN_PART
from okr_pipeline.cli.tables import as_of_words, console
from okr_pipeline.model.health import HealthState
from okr_pipeline.model.score import Status
from okr_pipeline.rendering.words import first_of, members, plural

Facts = Mapping[str, Any]
_SHOWN = 40


class OnStep(Protocol):
    """Told of each step as it starts."""

    def __call__(self, step: str, done: int, steps: int) -> None: ...


@contextmanager
def following() -> Iterator[OnStep]:
    """A progress bar on standard error, on a terminal only."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    bar.disable = not bar.console.is_terminal
    with bar:
        task = bar.add_task("starting", total=None)

        def on_step(step: str, done: int, steps: int) -> None:
            bar.update(task, description=_step_words(step), completed=done, total=steps)

        yield on_step


def _step_words(step: str) -> str:
    words = {"score": "scoring", "alerts": "raising alerts", "scorecard": "writing the scorecard"}
    return words.get(step, step.replace("observe_", "reading "))


def tell_run(workspace: Workspace, run_id: str, failures: Sequence[str]) -> int:
    """Print what a run did, from its summary, and return its exit code."""
    out = console()
    run = workspace.store.run(run_id)
    summary: Facts = run["summary"] if run else {}
    if run:
        when = as_of_words(stamp(run["as_of"]), workspace.project.calendar.timezone)
        out.print(f"[bold]{escape(workspace.project.name)}[/bold] · as of {when}")
    for step, facts in summary.items():
        if step.startswith("observed/"):
            _tell_source(out, step.removeprefix("observed/"), facts)
    for step, tell in _TOLD.items():
        if step in summary:
            tell(out, summary[step])
    for failure in failures:
        out.print(f"[red]Failed[/red]     {escape(failure)}")
    return _exit_code(summary, failures)


def _tell_source(out: Console, source: str, facts: Facts) -> None:
    counts = [plural(facts["metrics"], "metric"), plural(facts["rows_read"], "row")]
    changes = {
        "new": "new",
        "restated": "restated",
        "withdrawn": "withdrawn",
        "given_up": "no longer blocked",
        "refused_count": "blocked",
    }
    counts += [f"{facts[name]:,} {word}" for name, word in changes.items() if facts[name]]
    failed = sum(len(each["metrics"]) for each in facts["failures"])
    if failed < facts["metrics"] and not any(facts[name] for name in changes):
        counts.append("nothing changed")
    if failed:
        counts.append("not read" if failed == facts["metrics"] else f"{failed:,} not read")
    out.print(f"Read       {escape(source)}: {', '.join(counts)} · {facts['elapsed_seconds']:.1f} s")
    if facts.get("goes_on_from"):
        out.print(f"  went on from {facts['goes_on_from'][:16]} UTC, where a backfill of these days had stopped")
    if facts.get("traffic"):
        out.print(f"  {escape(_traffic_words(facts['traffic']))}")
    for failure in facts["failures"][:_SHOWN]:
        out.print(f"  [red]not read[/red] {escape(first_of(failure['metrics'], _SHOWN))}: {escape(failure['cause'])}")
    for row in facts["refused"][:_SHOWN]:
        out.print(f"  [red]blocked[/red]  {escape(row['metric'])}{_more(row)}: {escape(row['reason'])}")
    if len(facts["refused"]) > _SHOWN:
        out.print(
            f"  and {len(facts['refused']) - _SHOWN} more; `okr explain` of a key result lists those that bear on it"
        )
    for warning in facts["warnings"][:_SHOWN]:
        out.print(f"  [yellow]warning[/yellow]  {escape(warning)}")
    if facts["open_quarantine"] and not facts["refused_count"]:
        out.print(f"  blocked since earlier runs: {facts['open_quarantine']}")


def _traffic_words(traffic: Facts) -> str:
    """What it cost to ask, in a line.

    >>> _traffic_words({"requests": 12, "retries": 1, "waited_seconds": 30.0, "remaining": {"requests": 4988}})
    '12 requests, 1 of them again, 30 s waited; left: 4,988 requests'
    """
    requests, again = traffic["requests"], traffic["retries"]
    said = [plural(requests, "request")]
    said += [f"{again:,} of them again"] if again else []
    said += [f"{traffic['waited_seconds']:,.0f} s waited"] if traffic["waited_seconds"] >= 1 else []
    left = ", ".join(f"{count:,} {name}" for name, count in traffic["remaining"].items())
    return ", ".join(said) + (f"; left: {left}" if left else "")


def _more(row: Facts) -> str:
    """How many values one line stands for."""
    return f", {row['count']:,} values, the first" if row["count"] > 1 else ""


def _tell_scores(out: Console, facts: Facts) -> None:
    counts = [f"{count} {Status(status).word}" for status, count in facts["key_results"].items()]
    if not counts:
        out.print("Scores     there is no key result yet: config/okrs/ says what is promised")
        return
    changed = f"{facts['changed']} changed" if facts["changed"] else "none changed"
    scored = plural(sum(facts["key_results"].values()), "key result")
    out.print(f"Scores     {scored}: {', '.join(counts)} · {changed}")
    for row in facts["turned"][:_SHOWN]:
        before, after = Status(row["previous_status"]).word, Status(row["status"])
        out.print(f"  {after.glyph} {escape(row['key_result'])}: {before} → {after.word}")


def _tell_history(out: Console, facts: Facts) -> None:
    days, changed = plural(facts["days"], "day"), plural(facts["changed"], "score")
    out.print(f"History    {days} reconstructed, {changed} new or different")
    if facts["kept"]:
        keep = "keeps" if facts["kept"] == 1 else "keep"
        out.print(f"  {facts['kept']} of them {keep} the scores that were recorded at the time")


def _tell_alerts(out: Console, facts: Facts) -> None:
    out.print(f"Alerts     {len(facts['open'])} open, {len(facts['opened'])} opened, {len(facts['closed'])} closed")
    for word, key_results in _turned(facts).items():
        for key_result in key_results[:_SHOWN]:
            out.print(f"  {word}: {escape(key_result)}")


def _turned(facts: Facts) -> Mapping[str, Sequence[str]]:
    """Key results by what became of their alerts in the days that a run looked at, each of them once.

    >>> _turned({"opened": ["a", "b", "c"], "closed": ["b", "c", "d"], "open": ["a", "c"]})
    {'opened': ['a'], 'opened and closed again': ['b'], 'closed and opened again': ['c'], 'closed': ['d']}
    """
    opened, closed = facts["opened"], facts["closed"]
    both = [it for it in opened if it in closed]
    return {
        "opened": [it for it in opened if it not in both],
        "opened and closed again": [it for it in both if it not in facts["open"]],
        "closed and opened again": [it for it in both if it in facts["open"]],
        "closed": [it for it in closed if it not in both],
    }


def _tell_health(out: Console, facts: Facts) -> None:
    judged = sum(facts["states"].values())
    counts = [f"{facts['states'][it]} {it.word}" for it in HealthState if facts["states"].get(it)]
    said = f"{judged} judged: {', '.join(counts)}" if judged else "none has a healthy band"
    opened, closed = facts["opened_count"], facts["closed_count"]
    out.print(f"KPIs       {said} · {plural(opened, 'review')} opened, {closed} closed")
    for word in ("opened", "closed"):
        for row in facts[word][:_SHOWN]:
            name = " ".join(filter(None, (row["metric"], members(row["dimensions"]))))
            out.print(f"  review {word}: {escape(name)}, {row['reason']}", soft_wrap=True)


def _tell_scorecard(out: Console, facts: Facts) -> None:
    out.print(f"Scorecard  {escape(facts['path'])}", soft_wrap=True)
    out.print(f"  {escape(facts['headline'])}", soft_wrap=True)
    if facts["kept"]:
        out.print("  as it was published: days that have passed are scored again, their page stays", soft_wrap=True)


_TOLD: Mapping[str, Callable[[Console, Facts], None]] = {
    "scored": _tell_scores,
    "history": _tell_history,
    "alerts": _tell_alerts,
    "health": _tell_health,
    "scorecard": _tell_scorecard,
}


def _exit_code(summary: Facts, failures: Sequence[str]) -> int:
    if not summary:
        return FAILED
    unread = any(facts["failures"] for step, facts in summary.items() if step.startswith("observed/"))
    refused = any(facts["refused_count"] for step, facts in summary.items() if step.startswith("observed/"))
    return IN_PART if failures or unread or refused else DONE
