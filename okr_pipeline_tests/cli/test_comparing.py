"""`okr compare`: what it prints below its table."""

from datetime import date

from typer.testing import CliRunner

from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.cli.main import app
from okr_pipeline_tests.projects import Small, january


def test_of_many_restated_rows_the_newest_are_listed_and_said_to_be_so(small: Small) -> None:
    small.expect = "{restated: 1, rewritten: false}"
    known: list[str] = []
    for value in (-3, -4):
        small.write(january() | {date(2026, 1, day): value for day in range(26, 32)}).observe(f"read {value}")
        workspace = small.open()
        score_and_record(workspace, Run(f"scores of {value}", workspace.as_of()))
        known.append(str(workspace.store.known_until()))
    where = ["--config", str(small.directory / "config"), "--store", small.store_url]
    days = ["--from", "2026-01-31", "--to", "2026-01-31", "--known-from", known[0]]
    lines = CliRunner().invoke(app, ["compare", *days, *where]).stdout.splitlines()
    assert "  Restated: 6 rows, from 2026-01-26 to 2026-01-31; the newest 5:" in lines
    assert [line for line in lines if "→" in line] == [f"    signups, 2026-01-{day}: −3 → −4" for day in range(27, 32)]
