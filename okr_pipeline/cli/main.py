"""The commands of `okr`, put together, and what a failure exits with.

Exit codes: 0 done; 1 done in part; 2 nothing done, bad usage or configuration; 3 nothing done, store or system failure.
"""

import gc
import sys
from collections.abc import Callable, Sequence
from functools import cache

import typer
from typer.main import get_command

from okr_pipeline.cli import (
    connectors,
    forecasting,
    health,
    linting,
    planning,
    project,
    reading,
    reviewing,
    running,
    store,
    telling,
)

_ALLOCATIONS_BETWEEN_COLLECTIONS = 1_000_000
"""Commands are short. What imports leave is no garbage, and looking for some in it, last of all at the exit, took a
third of the time of `okr status`; once was a fifteenth of it. What runs for long looks sooner (running)."""

app = typer.Typer(
    name="okr",
    help="Keep OKRs true to the business's own numbers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(project.init)
app.command("validate")(project.validate)
app.command("run")(running.run)
app.command("backfill")(running.backfill)
app.command("status")(reading.status)
app.command("explain")(reading.explain)
app.command("verify")(reading.verify)
app.command("plan")(planning.plan)
app.command("check-in")(telling.check_in)
app.command("health")(health.health)
app.command("review")(reviewing.review)
app.command("compare")(reading.compare)
app.command("scorecard")(reading.scorecard)
app.add_typer(forecasting.app, name="forecast")
app.add_typer(connectors.app, name="connectors")
app.add_typer(store.app, name="store")
app.command("lint")(linting.lint)
app.command("schema")(project.schema)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, or `arguments` in place of it, and exit with its code."""
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)
    try:
        _command()(arguments)
    except Exception as error:  # noqa: BLE001 - the last border; of a defect the whole traceback is told
        from okr_pipeline.cli.failures import told

        message, code = told(error)
        sys.stderr.write(message.rstrip() + "\n")
        sys.exit(code)
    finally:
        # DuckDB takes what is not collected at the exit for leaks, and lists them.
        if "duckdb" not in sys.modules:
            gc.freeze()


@cache
def _command() -> Callable[[Sequence[str] | None], object]:
    """All of it, as it is run: reading every command's parameters takes longer than many a command."""
    return get_command(app)
