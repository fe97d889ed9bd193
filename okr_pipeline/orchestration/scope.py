"""What a Dagster run speaks about: its instant, its window, and whether it is live or rebuilds history.

Belongs here: partitions ↔ instants. Does not: what is done with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from okr_pipeline.application.runs import Run
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.calendar import Period

AS_OF_TAG = "okr/as_of"
FULL_REFRESH_TAG = "okr/full_refresh"
LONGEST_WAIT_TAG = "okr/longest_wait_seconds"
"""The most seconds that a run is held open because a source asks for it; an hour's quota by default."""
LEFT_ALONE_TAG = "okr/left_alone"
"""Of a run that left sources alone because they asked for a longer wait: of what it spoke, `newest` day or `past`."""
LEFT_UNTIL_TAG = "okr/left_alone_until."
"""With a source's id, the instant at which it may be asked again."""
NEWEST, PAST = "newest", "past"
_LONGEST_WAIT_SECONDS = 65 * 60
_PARTITION = "dagster/partition"
_RANGE_START, _RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run reads and speaks about: what is lacking (`window` None), or the days of its partitions.

    `longest_wait` is how long it may wait for a source.

    A run of the newest day is live. One of other days, or asked to speak of an earlier instant, rebuilds history.
    """

    run: Run
    days: tuple[date, ...]
    window: Period | None
    full_refresh: bool
    longest_wait: timedelta = timedelta(seconds=_LONGEST_WAIT_SECONDS)

    @property
    def live(self) -> bool:
        """Whether the run saw the newest day, and so may change what pages show as current."""
        return self.run.kind == "run"


def daily_partitions(workspace: Workspace, now: datetime | None = None) -> dg.DailyPartitionsDefinition:
    """One partition per local day, from the start of history to the day of `as_of`, the running one included."""
    project = workspace.project
    first, newest = workspace.days_of_history(now)
    return dg.DailyPartitionsDefinition(
        start_date=first.isoformat(),
        end_date=(newest + timedelta(days=1)).isoformat() if project.as_of else None,
        timezone=project.calendar.timezone,
        end_offset=0 if project.as_of else 1,
    )


def newest_day(workspace: Workspace, now: datetime | None = None) -> str:
    """The partition that a live run materializes."""
    return workspace.project.calendar.last_date_before(workspace.as_of(now=now)).isoformat()


def scope_of(context: dg.OpExecutionContext | dg.AssetExecutionContext, workspace: Workspace) -> Scope:
    """The scope of the run that an asset executes in."""
    tags = context.run.tags
    now = datetime.now(UTC)
    asked = workspace.as_of(tags.get(AS_OF_TAG), now=now)
    newest_date = workspace.project.calendar.last_date_before(asked)
    days = _days(tags) or (newest_date,)
    ends_newest = days == (newest_date,)
    as_of = asked if ends_newest else min(workspace.project.calendar.end_of_day(days[-1]), asked)
    live = ends_newest and asked >= workspace.as_of(now=now)
    run = Run(context.run.run_id, as_of, "run" if live else "backfill", context.run.run_id)
    wait = timedelta(seconds=int(tags.get(LONGEST_WAIT_TAG, _LONGEST_WAIT_SECONDS)))
    return Scope(run, days, None if ends_newest else _window(workspace, days), FULL_REFRESH_TAG in tags, wait)


def tags_of_scope(tags: Mapping[str, str]) -> dict[str, str]:
    """Those of a run's tags that say what it reads and speaks about."""
    names = (_PARTITION, _RANGE_START, _RANGE_END, AS_OF_TAG, FULL_REFRESH_TAG)
    return {name: tags[name] for name in names if name in tags}


def _days(tags: Mapping[str, str]) -> tuple[date, ...]:
    if _RANGE_START in tags:
        first, last = date.fromisoformat(tags[_RANGE_START]), date.fromisoformat(tags[_RANGE_END])
        return tuple(first + timedelta(days=step) for step in range((last - first).days + 1))
    return (date.fromisoformat(tags[_PARTITION]),) if _PARTITION in tags else ()


def _window(workspace: Workspace, days: tuple[date, ...]) -> Period:
    calendar = workspace.project.calendar
    return Period(calendar.start_of_day(days[0]), calendar.end_of_day(days[-1]))
