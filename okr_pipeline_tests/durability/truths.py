"""What must hold of a store and of a project's files, whatever was killed.

Belongs here: questions that are answered by what is wrong, an empty list where all is well. Does not: bringing the
store about.
"""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from okr_pipeline.application.gathering import evaluate, gather
from okr_pipeline.application.snapshotting import take_snapshot
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.frames import KEY_RESULT_SCORES, OBJECTIVE_SCORES
from okr_pipeline.rendering import content_hash, render_html, render_json, snapshot_from_json
from okr_pipeline.store import Store, schema
from okr_pipeline_tests.durability import world
from okr_pipeline_tests.durability.watching import Committed

_KEY = ["metric", "dimensions", "period_start"]
_CONTENT = ["period_end", "value", "weight", "flags"]
_WRITTEN = {
    "observations": (("record_observations", "withdraw"), (schema.observations, schema.past_observations)),
    "scores": (("record_key_result_scores",), (schema.key_result_score_revisions,)),
    "transitions": (("record_alerts",), (schema.alert_transitions,)),
    "scorecard": (("save_scorecard",), (schema.scorecard_snapshots,)),
}
"""By name, what a batch says that it wrote, and where that is."""
_BY_THE_CLOCK = ["expected_progress_now", "last_good_age_hours", "window_start", "window_end"]


def lost(store: Store, committed: list[Committed]) -> list[str]:
    """Committed batches of which something is not there; only their own rows are looked at, which do not grow."""
    if not committed:
        return []
    there = {name: _recorded(store, tables, committed) for name, (_, tables) in _WRITTEN.items()}
    problems = []
    for batch in committed:
        wrote = dict(batch.wrote)
        counts = {
            name: (sum(wrote.get(verb, 0) for verb in verbs), there[name][batch.recorded_at])
            for name, (verbs, _) in _WRITTEN.items()
        }
        problems += [f"{batch.recorded_at}: {name} {it}" for name, it in counts.items() if it[0] != it[1]]
        problems += [f"{run}: {step}" for run, step in batch.steps if step not in (store.run(run) or {})["summary"]]
    return problems


def duplicated(store: Store) -> list[str]:
    """Revisions, scores, reads or transitions that say again what was said, and gaps in revisions."""
    return [*_repeated_revisions(store), *_repeated_lines(store.dump()), *_broken_chains(store)]


def damaged(store: Store) -> list[str]:
    """What the database and `doctor` find wrong; a run that was killed is not."""
    found = [it.message for it in store.doctor() if it.status != "ok" and it.check != "unfinished_runs"]
    return [*found, *damaged_file(store)]


def damaged_file(store: Store) -> list[str]:
    """What SQLite itself finds wrong with its file; nothing is looked at where the store is on a server."""
    url = sa.make_url(store.place)
    if url.get_backend_name() != "sqlite":
        return []
    with closing(sqlite3.connect(str(url.database))) as connection:
        said = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        return said + [str(row) for row in connection.execute("PRAGMA foreign_key_check")]


def stale(workspace: Workspace, as_of: datetime) -> list[str]:
    """Recorded scores and scorecard that differ from what the store's observations give now."""
    now = evaluate(workspace.configuration, gather(workspace, as_of), as_of)
    day = workspace.project.calendar.last_date_before(as_of)
    recorded = {
        "key results": (now.key_results, workspace.store.key_result_scores(day), KEY_RESULT_SCORES, "key_result"),
        "objectives": (now.objectives, workspace.store.objective_scores(day), OBJECTIVE_SCORES, "objective"),
    }
    return [
        f"{name}:\n{_facts(there, columns, own)}\nbut now\n{_facts(true, columns, own)}"
        for name, (true, there, columns, own) in recorded.items()
        if not _facts(true, columns, own).equals(_facts(there, columns, own))
    ]


def different_scores(one: Workspace, other: Workspace, as_of: datetime) -> list[str]:
    """Key results and objectives that two stores score differently."""
    day = one.project.calendar.last_date_before(as_of)
    pairs = {
        "key_result": (KEY_RESULT_SCORES, one.store.key_result_scores(day), other.store.key_result_scores(day)),
        "objective": (OBJECTIVE_SCORES, one.store.objective_scores(day), other.store.objective_scores(day)),
    }
    return [
        f"{own}: {_facts(first, columns, own)} and {_facts(second, columns, own)}"
        for own, (columns, first, second) in pairs.items()
        if not _facts(first, columns, own).equals(_facts(second, columns, own))
    ]


def outdated(workspace: Workspace, as_of: datetime) -> list[str]:
    """The newest scorecard in the store, where one taken now would say something else."""
    now = take_snapshot(workspace, as_of)
    recorded = workspace.store.scorecard(now.week)
    same = recorded is not None and content_hash(recorded) == content_hash(render_json(now))
    return [] if same else [f"{now.week}: {now.headline}"]


def untrue(store: Store, version: int, sources: tuple[str, ...] = world.SOURCES) -> list[str]:
    """Current observations that are not what a version of the files says."""
    rows = store.observations([f"{source}_orders" for source in sources])
    rows = rows[rows["value"].notna()]
    there = {
        (metric.removesuffix("_orders"), start.date(), json.loads(dimensions)["country"]): value
        for metric, dimensions, start, value in rows[[*_KEY, "value"]].itertuples(index=False, name=None)
    }
    true = {(source, *key): value for source in sources for key, value in world.accepted(source, version).items()}
    return [f"{key}: {there.get(key)} in place of {true.get(key)}" for key in {*there.items()} ^ {*true.items()}]


def torn(workspace: Workspace) -> list[str]:
    """Scorecard files that are not whole; the remains of a killed writer have names that start with a dot."""
    files = [path for path in workspace.scorecards_dir.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return [str(path) for path in files if not _is_whole(path)]


def unpublished(workspace: Workspace) -> list[str]:
    """Scorecard files that differ from the newest snapshot of their week in the store."""
    problems = []
    for week in workspace.store.scorecards()["week"]:
        snapshot = snapshot_from_json(str(workspace.store.scorecard(week)))
        files = (("index.html", render_html(snapshot)), ("scorecard.json", render_json(snapshot).encode()))
        for name, content in files:
            path = workspace.scorecards_dir / week / name
            if not path.exists() or path.read_bytes() != content:
                problems.append(str(path))
    return problems


def content_of(store: Store) -> str:
    """The store as comparable text: without where the files were, and when a snapshot says that things were recorded."""
    text = re.sub(r'"(known_at|last_change_at)": ?"[^"]*"', r'"\1": "…"', store.dump())
    return re.sub(r"(snapshot_hash|fingerprint)='\w+'", r"\1=…", text)


def _recorded(store: Store, tables: tuple[sa.Table, ...], committed: list[Committed]) -> Counter[datetime]:
    """By the instant of a batch, how many rows of some tables it left."""
    counts: Counter[datetime] = Counter()
    for table in tables:
        stamped = "recorded_at" not in table.c
        at = schema.stamps.c.recorded_at if stamped else table.c.recorded_at
        rows = table.join(schema.stamps, schema.stamps.c.stamp_id == table.c.stamp_id) if stamped else table
        of_them = at.in_({batch.recorded_at for batch in committed})
        statement = sa.select(at, sa.func.count()).select_from(rows).where(of_them).group_by(at)
        found = store._retrying(lambda connection, asked=statement: connection.execute(asked).all())
        counts.update(dict(map(tuple, found)))
    return counts


def _repeated_revisions(store: Store) -> Iterator[str]:
    history, current = store.revisions(), store.observations()
    groups = history.groupby(_KEY, sort=False)
    expected = groups.cumcount() + 1
    if not (history["revision"] == expected).all():
        yield f"revisions are not 1, 2, 3 …: {history[history['revision'] != expected]}"
    same = (history[_CONTENT] == history[_CONTENT].shift()) | (
        history[_CONTENT].isna() & history[_CONTENT].shift().isna()
    )
    again = same.all(axis=1) & (history["revision"] > 1)
    if again.any():
        yield f"revisions say the same again: {history[again]}"
    newest = history[~history.duplicated(_KEY, keep="last")].reset_index(drop=True)
    if not newest.equals(current):
        yield "current observations are not the newest revisions"


def _repeated_lines(dump: str) -> Iterator[str]:
    """Reads that are there twice, and revisions of scores and scorecards that say what the one before says."""
    lines = dump.splitlines()
    reads = Counter(line for line in lines if line.startswith("metric_reads "))
    yield from (f"{count} times {line}" for line, count in reads.items() if count > 1)
    for table in ("key_result_score_revisions", "objective_score_revisions", "scorecard_snapshots"):
        yield from _repeated_revisions_of(table, [line for line in lines if line.startswith(f"{table} ")])


def _repeated_revisions_of(table: str, lines: list[str]) -> Iterator[str]:
    revisions: dict[str, list[tuple[int, str]]] = {}
    for line in lines:
        owner, number, rest = re.fullmatch(r"(.*?) revision=(\d+) (.*)", line, re.DOTALL).groups()  # type: ignore[union-attr]
        for name in _BY_THE_CLOCK:
            rest = re.sub(rf"{name}=\S+( [\d:.+]+)?", "", rest)
        revisions.setdefault(owner, []).append((int(number), rest))
    for owner, found in revisions.items():
        found.sort()
        if [number for number, _ in found] != list(range(1, len(found) + 1)):
            yield f"{owner}: revisions {[number for number, _ in found]}"
        yield from (f"{owner}: revision {two[0]} says the same" for one, two in pairwise(found) if one[1] == two[1])


def _broken_chains(store: Store) -> Iterator[str]:
    """Transitions of an alert lead from one state to the next, and the last to the state it is in."""
    transitions = store.alert_transitions().sort_values(["as_of", "recorded_at"], kind="stable")
    states = store.alert_states().set_index(["key_result", "rule"])["state"]
    last: dict[tuple[str, str], str] = {}
    for row in transitions.itertuples():
        key = row.key_result, row.rule
        if row.from_state != last.get(key, "ok"):
            yield f"{key} turns from {row.from_state}, and was {last.get(key, 'ok')}"
        last[key] = row.to_state
    yield from (f"{key} is {states[key]} and turned {state}" for key, state in last.items() if states[key] != state)


def _facts(frame: pd.DataFrame, columns: tuple[str, ...], own: str) -> pd.DataFrame:
    named = [name for name in columns if name not in _BY_THE_CLOCK]
    rows = frame[named].sort_values(own, ignore_index=True).astype(object)
    return rows.where(rows.notna(), None)


def _is_whole(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return text.rstrip().endswith("}") and bool(json.loads(text))
    if path.suffix == ".sha256":
        return re.fullmatch(r"\w{64}  [\w.]+\n", text) is not None
    return text.lower().startswith("<!doctype html>") and text.rstrip().endswith("</html>")
