"""`okr run` and `okr backfill`: the main job and history, through the Dagster assets in this process."""

import gc
from typing import Annotated, Final

import typer

from okr_pipeline.cli.options import CONFIG, ConfigDir, StoreUrl

Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select", help="Read only this metric again; may be repeated.", metavar="METRIC", show_default=False
    ),
]

_ALLOCATIONS_BETWEEN_COLLECTIONS: Final = 200_000
"""A run holds large frames, and what keeps one of them by a circle should go soon."""


def run(
    as_of: Annotated[
        str | None, typer.Option(metavar="T", help="The date (its end) or instant to speak about.", show_default=False)
    ] = None,
    select: Select = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Read all history that scores need again.")
    ] = False,
    amend: Annotated[
        str | None,
        typer.Option(
            help="Record what changed of target, dates, mapping and weight of key results, for this reason.",
            metavar="REASON",
            show_default=False,
        ),
    ] = None,
    author: Annotated[
        str | None,
        typer.Option(help="Who decided it; default the key result's owner.", envvar="OKR_AUTHOR", show_default=False),
    ] = None,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
) -> None:
    """Read, validate, score, raise alerts and write the scorecard."""
    from okr_pipeline.application.amending import Amending, continued
    from okr_pipeline.application.workspace import open_for_writing
    from okr_pipeline.cli.report import following, tell_run

    workspace = open_for_writing(config, store_url=store)
    workspace.require_metrics(select or ())
    workspace.require_day(as_of)
    today = workspace.project.calendar.last_date_before(workspace.as_of(as_of))
    amending = None if amend is None else Amending(_required(amend, "--amend"), author)
    workspace = continued(workspace, today=today, amending=amending)
    with following() as on_step:
        from okr_pipeline.orchestration.launch import run_main_job

        _collect_sooner()
        outcome = run_main_job(workspace, as_of=as_of, metrics=select or (), full_refresh=full_refresh, on_step=on_step)
    raise typer.Exit(tell_run(workspace, outcome.run_id, outcome.failures))


def backfill(
    first: Annotated[str, typer.Option("--from", help="The first day.", metavar="D")],
    last: Annotated[str, typer.Option("--to", help="The last day, included.", metavar="D")],
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
) -> None:
    """Read a range of days again and record reconstructed scores for each of them."""
    from okr_pipeline.application.amending import continued
    from okr_pipeline.application.workspace import open_for_writing
    from okr_pipeline.cli.report import following, tell_run

    workspace = continued(open_for_writing(config, store_url=store))
    days = workspace.range_of_days(first, last)
    with following() as on_step:
        from okr_pipeline.orchestration.launch import run_history_job

        _collect_sooner()
        outcome = run_history_job(workspace, *days, on_step=on_step)
    raise typer.Exit(tell_run(workspace, outcome.run_id, outcome.failures))


def _required(text: str, option: str) -> str:
    """The text, which must say something."""
    from okr_pipeline.application.errors import UsageError

    if not text.strip():
        raise UsageError(f"{option} is empty. Say why what was promised changed.")
    return text.strip()


def _collect_sooner() -> None:
    """From now on, and without what imports have left."""
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)
