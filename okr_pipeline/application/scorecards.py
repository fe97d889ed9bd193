"""Writing the weekly scorecard: snapshot to store and to files.

Belongs here: where files go and that they appear whole. Does not: what they say (snapshotting) or how (rendering).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd

from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.files import write_file
from okr_pipeline.application.memory import give_back
from okr_pipeline.application.naming import take_names
from okr_pipeline.application.runs import Run, note, note_step
from okr_pipeline.application.snapshotting import cycles_shown, take_snapshot
from okr_pipeline.application.trust import source_trust
from okr_pipeline.application.turns import require_last_word, settled
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.snapshot import Snapshot, SourceTrust
from okr_pipeline.rendering import (
    ArchiveEntry,
    content_hash,
    outline_from_json,
    render_html,
    render_index,
    render_json,
    snapshot_from_json,
)
from okr_pipeline.store import Store
from okr_pipeline.store.batch import Batch

_PAGE, _DATA = "index.html", "scorecard.json"
CHECKSUM = f"{_DATA}.sha256"
_RECONSTRUCTED = "Reconstructed: this week was not published at the time; it is shown from what is known now."
_RECONSTRUCTED_THEN = "Reconstructed: this week was not published by then; it is shown from what was known then."
_WEEK = re.compile(r"(?P<year>\d{4})-W(?P<week>\d{2})")


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A written scorecard. `changed` is False where the store already had this very snapshot."""

    week: str
    path: Path
    headline: str
    changed: bool


@dataclass(slots=True)
class _Made:
    """A snapshot, the hash of its JSON, and the JSON until it is written; without JSON an outline will do.

    Of tens of thousands of key results JSON and page have hundreds of megabytes each, and are not there at once.
    """

    snapshot: Snapshot
    digest: str
    content: str = ""

    def given_away(self) -> str:
        content, self.content = self.content, ""
        return content


def write_scorecard(
    workspace: Workspace, run: Run, *, out: Path | None = None, known_at: datetime | None = None
) -> Scorecard:
    """Take the snapshot of the run's week, record it if it is new, and write page, data, `latest` and the archive.

    A run that finds nothing new on a day that was published leaves what was. A run that rebuilds history leaves a
    published week as it was, and marks one that was not as reconstructed.
    """
    root = out or workspace.scorecards_dir
    take_names(workspace, run)
    scorecard, made = settled(lambda: _take_and_record(workspace, run, root, known_at))
    _write_all(workspace, root, made)
    return scorecard


def write_week(
    workspace: Workspace,
    week: str | None,
    *,
    form: str = "html",
    out: Path | None = None,
    known_at: datetime | None = None,
) -> Path:
    """Write a week's scorecard as it was published, or reconstructed where it never was; returns the file.

    Raises:
        UsageError: `week` is not an ISO week label, or has not begun.
    """
    published = workspace.store.scorecards(known_at=known_at)["week"].tolist()
    label = week or max(published, default=None)
    published_content = workspace.store.scorecard(label, known_at=known_at) if label else None
    if published_content is not None:
        snapshot = snapshot_from_json(published_content)
    else:
        as_of = min(_end_of_week(workspace, label), workspace.as_of()) if label else workspace.as_of()
        note = _RECONSTRUCTED if known_at is None else _RECONSTRUCTED_THEN
        snapshot = _reconstructed(take_snapshot(workspace, as_of, known_at=known_at), note)
    root = out or workspace.scorecards_dir
    content = render_json(snapshot)
    digest, directory = content_hash(content), root / snapshot.week
    write_file(directory / _PAGE, render_html(snapshot, fingerprint=digest))
    write_file(directory / _DATA, content)
    write_file(directory / CHECKSUM, _checksum(digest))
    return directory / (_PAGE if form == "html" else _DATA)


def _is_written(directory: Path, digest: str) -> bool:
    note = directory / CHECKSUM
    there = all((directory / name).is_file() for name in (_PAGE, _DATA, CHECKSUM))
    return there and note.read_text(encoding="utf-8") == _checksum(digest)


def _take_and_record(workspace: Workspace, run: Run, root: Path, known_at: datetime | None) -> tuple[Scorecard, _Made]:
    if known_at is None and run.kind == "run" and (said := _still_true(workspace, run)):
        snapshot = said.snapshot
        path = root / snapshot.week / _PAGE

        def leave(batch: Batch) -> None:
            note(batch, workspace, run)
            _note_step(batch, run, snapshot, path, changed=False)

        workspace.store.write(leave)
        return Scorecard(snapshot.week, path, snapshot.headline, changed=False), said
    looked_at, failed = workspace.store.known_until() or run.as_of, workspace.store.failing_metrics()
    snapshot = take_snapshot(workspace, run.as_of, known_at=known_at)
    if run.kind == "backfill":
        published = workspace.store.scorecard(snapshot.week)
        snapshot = snapshot_from_json(published) if published else _reconstructed(snapshot)
    path, content = root / snapshot.week / _PAGE, render_json(snapshot)
    made = _Made(snapshot, content_hash(content), content)
    give_back()

    def record(batch: Batch) -> bool:
        require_last_word(workspace.store, looked_at, failed)
        return _record(batch, workspace, run, made, path)

    changed = workspace.store.write(record)
    return Scorecard(snapshot.week, path, snapshot.headline, changed), made


def _record(batch: Batch, workspace: Workspace, run: Run, made: _Made, path: Path) -> bool:
    snapshot = made.snapshot
    note(batch, workspace, run)  # the snapshot's row names the run
    changed = batch.save_scorecard(
        week=snapshot.week,
        snapshot_hash=made.digest,
        schema_version=snapshot.schema_version,
        content=made.content,
        as_of=run.as_of,
        config_version=snapshot.config_version,
        run_id=run.id,
        headline=snapshot.headline,
        counts=snapshot.counts,
    )
    _note_step(batch, run, snapshot, path, changed=changed)
    return changed


def _note_step(batch: Batch, run: Run, snapshot: Snapshot, path: Path, *, changed: bool) -> None:
    kept = run.kind == "backfill" and not changed
    facts = {"week": snapshot.week, "path": str(path), "headline": snapshot.headline, "changed": changed, "kept": kept}
    note_step(batch, run, "scorecard", facts)


def _still_true(workspace: Workspace, run: Run) -> _Made | None:
    """An outline of the week's published snapshot, where a new one would differ by the hours since, and by no more.

    That is on the same day, with the same configuration, when no value, score or alert was recorded since and sources
    are as well as they were.
    """
    store, calendar = workspace.store, workspace.project.calendar
    day = calendar.last_date_before(run.as_of)
    newest = store.scorecards().tail(1).to_dict("records")
    if not newest:
        return None
    as_of, recorded_at, version = (newest[0][name] for name in ("as_of", "recorded_at", "config_version"))
    same_day = as_of <= run.as_of and calendar.last_date_before(as_of.to_pydatetime()) == day
    if not same_day or version != workspace.configuration.version:
        return None
    if any(at is not None and at > recorded_at for at in (store.changed_at(), store.recorded_of(day))):
        return None
    trust = _trust_now(workspace, run.as_of)
    snapshot = outline_from_json(str(store.scorecard(newest[0]["week"])))
    said = trust == snapshot.sources and _RECONSTRUCTED not in snapshot.notes
    return _Made(snapshot, newest[0]["snapshot_hash"]) if said else None


def _trust_now(workspace: Workspace, as_of: datetime) -> tuple[SourceTrust, ...]:
    known = workspace.store.known_until() or as_of
    return source_trust(
        workspace,
        as_of,
        known_at=known,
        quarantine=workspace.store.quarantine(known_at=known),
        cycles={it.id for it in cycles_shown(workspace.configuration, as_of)},
    )


def _write_all(workspace: Workspace, root: Path, made: _Made) -> None:
    """The files of each published week that are not there yet, `latest`, and the archive's index.

    Written again where another run published meanwhile: whoever writes last shows what the store holds. Files of other
    weeks are lacking where a run was killed before it had written them.
    """
    while True:
        published = workspace.store.scorecards()
        weeks = dict(zip(published["week"], published["snapshot_hash"], strict=True))
        for week, digest in weeks.items():
            directories = [root / week, *([root / "latest"] if week == max(weeks) else [])]
            _write_week(workspace.store, directories, week, digest, made)
        write_file(root / _PAGE, render_index(_archive(published), project=made.snapshot.project))
        if workspace.store.scorecards().equals(published):
            return


def _write_week(store: Store, directories: Sequence[Path], week: str, digest: str, made: _Made) -> None:
    """The files of a published week wherever they are lacking, unless another was published meanwhile.

    The checksum goes first and comes last, so that it is there with what it is of, or not at all.
    """
    lacking = [it for it in directories if not _is_written(it, digest)]
    if not lacking:
        return
    it = made if made.digest == digest and made.content else _published(store, week, digest)
    if it is None:
        return
    for directory in lacking:
        (directory / CHECKSUM).unlink(missing_ok=True)
    _write_each(lacking, _DATA, it.given_away())
    _write_each(lacking, _PAGE, render_html(it.snapshot, fingerprint=digest))
    _write_each(lacking, CHECKSUM, _checksum(digest))


def _write_each(directories: Sequence[Path], name: str, content: str | bytes) -> None:
    for directory in directories:
        write_file(directory / name, content)


def _published(store: Store, week: str, digest: str) -> _Made | None:
    """What the store holds of the week, if it is still that."""
    content = store.scorecard(week)
    if not content or content_hash(content) != digest:
        return None
    return _Made(snapshot_from_json(content), digest, content)


def _checksum(digest: str) -> str:
    """A line as `sha256sum --check` reads it."""
    return f"{digest}  {_DATA}\n"


def _archive(published: pd.DataFrame) -> list[ArchiveEntry]:
    rows = zip(published["week"], published["headline"], published["counts"], strict=True)
    return [
        ArchiveEntry(week, headline, tuple(map(tuple, json.loads(counts))), f"{week}/{_PAGE}")
        for week, headline, counts in sorted(rows, reverse=True)
    ]


def _reconstructed(snapshot: Snapshot, note: str = _RECONSTRUCTED) -> Snapshot:
    return replace(snapshot, notes=(*snapshot.notes, note))


def _end_of_week(workspace: Workspace, label: str) -> datetime:
    match = _WEEK.fullmatch(label)
    try:
        monday = date.fromisocalendar(int(match["year"]), int(match["week"]), 1) if match else None
    except ValueError:
        monday = None
    if monday is None:
        raise UsageError(f"'{label}' is not an ISO week. Write it like 2013-W20.")
    if workspace.project.calendar.start_of_day(monday) >= workspace.as_of():
        raise UsageError(f"{label} begins on {monday}, and nothing is known of later days. Ask for an earlier week.")
    return workspace.project.calendar.end_of_day(monday + timedelta(days=6))
