"""Writing the weekly scorecard: snapshot to store and to files.

Belongs here: where files go and that they appear whole. Does not: what they say (snapshotting) or how (rendering).
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.files import write_file
from okr_pipeline.application.runs import Run, note, note_step
from okr_pipeline.application.snapshotting import take_snapshot
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.snapshot import Snapshot
from okr_pipeline.rendering import (
    ArchiveEntry,
    content_hash,
    render_html,
    render_index,
    render_json,
    snapshot_from_json,
)
from okr_pipeline.store.batch import Batch

_WEEK = re.compile(r"(?P<year>\d{4})-W(?P<week>\d{2})")


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A written scorecard. `changed` is False where the store already had this very snapshot."""

    week: str
    path: Path
    headline: str
    snapshot: Snapshot
    changed: bool


def write_scorecard(
    workspace: Workspace, run: Run, *, out: Path | None = None, known_at: datetime | None = None
) -> Scorecard:
    """Take the snapshot of the run's week, record it if it is new, and write page, data, `latest` and the archive.

    A run that rebuilds history leaves a published week as it was, and marks one that was not as reconstructed.
    """
    snapshot = take_snapshot(workspace, run.as_of, known_at=known_at)
    if run.kind == "backfill":
        published = workspace.store.scorecard(snapshot.week)
        snapshot = snapshot_from_json(published) if published else _reconstructed(snapshot)
    root = out or workspace.scorecards_dir
    path = root / snapshot.week / "index.html"
    content = render_json(snapshot)
    changed = workspace.store.write(lambda batch: _record(batch, workspace, run, snapshot, content, path))
    _write_all(workspace, root, snapshot, _Forms.of(snapshot, content))
    return Scorecard(snapshot.week, path, snapshot.headline, snapshot, changed)


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
        UsageError: `week` is not an ISO week label.
    """
    published = workspace.store.scorecards(known_at=known_at)["week"].tolist()
    label = week or max(published, default=None)
    content = workspace.store.scorecard(label, known_at=known_at) if label else None
    if content is not None:
        snapshot = snapshot_from_json(content)
    else:
        as_of = min(_end_of_week(workspace, label), workspace.as_of()) if label else workspace.as_of()
        snapshot = _reconstructed(take_snapshot(workspace, as_of, known_at=known_at))
    root = out or workspace.scorecards_dir
    _Forms.of(snapshot, render_json(snapshot)).write(root / snapshot.week)
    return root / snapshot.week / ("index.html" if form == "html" else "scorecard.json")


@dataclass(frozen=True, slots=True)
class _Forms:
    """A snapshot as page and as data, each made once however often it is written."""

    page: str
    content: str

    @classmethod
    def of(cls, snapshot: Snapshot, content: str) -> "_Forms":
        return cls(render_html(snapshot, content=content), content)

    def write(self, directory: Path) -> None:
        write_file(directory / "index.html", self.page)
        write_file(directory / "scorecard.json", self.content)


def _record(batch: Batch, workspace: Workspace, run: Run, snapshot: Snapshot, content: str, path: Path) -> bool:
    note(batch, workspace, run)
    changed = batch.save_scorecard(
        week=snapshot.week,
        snapshot_hash=content_hash(content),
        schema_version=snapshot.schema_version,
        content=content,
        as_of=run.as_of,
        config_version=snapshot.config_version,
        run_id=run.id,
    )
    facts = {"week": snapshot.week, "path": str(path), "headline": snapshot.headline, "changed": changed}
    note_step(batch, run, "scorecard", facts)
    return changed


def _write_all(workspace: Workspace, root: Path, snapshot: Snapshot, forms: _Forms) -> None:
    """The week's files, `latest` where no later week is published, and the archive's index."""
    published = workspace.store.scorecards()["week"].tolist()
    forms.write(root / snapshot.week)
    if snapshot.week >= max(published, default=snapshot.week):
        forms.write(root / "latest")
    write_file(root / "index.html", render_index(_archive(workspace, published), project=snapshot.project))


def _archive(workspace: Workspace, weeks: list[str]) -> list[ArchiveEntry]:
    entries = []
    for week in sorted(weeks, reverse=True):
        snapshot = snapshot_from_json(str(workspace.store.scorecard(week)))
        entries.append(ArchiveEntry(week, snapshot.headline, snapshot.counts, f"{week}/index.html"))
    return entries


def _reconstructed(snapshot: Snapshot) -> Snapshot:
    note = "Reconstructed: this week was not published at the time; it is shown from what is known now."
    return replace(snapshot, notes=(*snapshot.notes, note))


def _end_of_week(workspace: Workspace, label: str) -> datetime:
    match = _WEEK.fullmatch(label)
    try:
        monday = date.fromisocalendar(int(match["year"]), int(match["week"]), 1) if match else None
    except ValueError:
        monday = None
    if monday is None:
        raise UsageError(f"'{label}' is not an ISO week. Write it like 2013-W20.")
    return workspace.project.calendar.end_of_day(monday + timedelta(days=6))
