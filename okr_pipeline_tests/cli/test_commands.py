"""The command line: what it prints, what it exits with, and what it leaves alone."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from connectors.catalogue import load_connectors
from okr_pipeline_tests.commands import run_okr
from okr_pipeline_tests.conftest import copy_store, hang_up
from okr_pipeline_tests.projects import Small, january

Okr = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path, usual_store) -> Small:
    """A project that nothing was run in."""
    return Small(tmp_path, usual_store(tmp_path)).write(january())


@pytest.fixture
def okr(project) -> Okr:
    return _command(project)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory, usual_store) -> tuple[Small, subprocess.CompletedProcess[str]]:
    """A project after one run, and what that said."""
    directory = tmp_path_factory.mktemp("done")
    project = Small(directory, usual_store(directory)).write(january())
    return project, _command(project)("run")


@pytest.fixture
def done_project(first_run) -> Small:
    """The project after its run; tests only read from it."""
    return first_run[0]


@pytest.fixture
def run_again(done_project, tmp_path, usual_store) -> Okr:
    """`okr` in a copy of it."""
    shutil.copytree(done_project.directory, tmp_path / "again")
    place = sa.make_url(done_project.store_url)
    project = replace(done_project, directory=tmp_path / "again", store_url=usual_store(tmp_path / "again"))
    hang_up(place)
    copy_store(place, sa.make_url(project.store_url))
    return _command(project)


@pytest.fixture
def told(done_project) -> Okr:
    """`okr` in the project after one run."""
    return _command(done_project)


def _command(project: Small) -> Okr:
    def execute(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run_okr(*arguments, cwd=project.directory, env={"OKR_STORE_URL": project.store_url})

    return execute


def test_validate_counts_what_it_found(okr):
    done = okr("validate")
    assert done.returncode == 0
    assert "1 source, 1 metric, 1 cycle, 1 objective, 1 key result" in done.stdout
    assert json.loads(okr("validate", "--json").stdout)["key_results"] == 1


def test_validate_live_reads_every_metric_and_stores_nothing(okr, project):
    done = okr("validate", "--live")
    assert done.returncode == 0
    assert "Every metric could be read." in done.stdout
    (project.directory / "config/data/signups.csv").unlink()
    done = okr("validate", "--live")
    assert done.returncode == 1
    assert "signups.csv" in done.stdout
    assert not (project.directory / ".okr").exists()


def test_a_wrong_configuration_exits_2_with_file_line_and_column(okr, project):
    project.put(
        "okrs/q1.yaml",
        (project.directory / "config/okrs/q1.yaml").read_text().replace("metric: signups", "metric: signup"),
    )
    done = okr("validate")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "config/okrs/q1.yaml:" in done.stderr
    assert "signups" in done.stderr
    assert "Traceback" not in done.stderr


def test_status_before_any_run_says_what_to_do(okr):
    done = okr("status")
    assert done.returncode in (2, 3)
    assert "okr run" in done.stderr or "okr store upgrade" in done.stderr
    assert okr("store", "doctor").returncode != 0


def test_a_run_exits_0_and_says_what_it_did(first_run):
    _, done = first_run
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for word in ("Read", "31 new", "Scores", "1 key results", "Alerts", "Scorecard"):
        assert word in done.stdout


def test_a_run_in_part_exits_1_and_names_metric_value_and_fix(okr, project):
    project.write(january() | {date(2026, 1, 30): 5000})
    done = okr("run")
    assert done.returncode == 1
    assert "blocked" in done.stdout
    assert "signups" in done.stdout
    assert "5,000" in done.stdout
    rest = january()
    del rest[date(2026, 1, 30)]
    project.write(rest)
    again = okr("run")
    assert (again.returncode, "1 metric, 30 rows, 1 no longer blocked ·" in again.stdout) == (0, True), again.stdout


def test_a_store_that_cannot_be_reached_exits_3_without_its_password(okr):
    done = okr("run", "--store", "postgresql+psycopg://okr:s3cret-word@127.0.0.1:1/okr")
    assert done.returncode == 3
    assert "s3cret-word" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_metric_to_select_exits_2(okr):
    done = okr("run", "--select", "nothing")
    assert done.returncode == 2
    assert "signups" in done.stderr


def test_one_metric_can_be_read_again(run_again):
    done = run_again("run", "--select", "signups", "--full-refresh")
    assert done.returncode == 0
    assert "nothing changed" in done.stdout


def test_a_run_of_a_day_that_has_passed_says_that_the_page_of_its_week_stays(run_again):
    stays = "as it was published: days that have passed are scored again, their page stays"
    assert stays in run_again("run", "--as-of", "2026-01-30").stdout
    assert stays not in run_again("run").stdout


@pytest.mark.parametrize("range_", [("2026-01-10", "2026-01-01"), ("2026-01-10", "2030-01-01"), ("yesterday", "today")])
def test_a_range_that_is_none_exits_2(okr, range_):
    done = okr("backfill", "--from", range_[0], "--to", range_[1])
    assert done.returncode == 2
    assert "range of days" in done.stderr


def test_a_day_that_no_run_can_speak_about_exits_2_and_says_why(okr):
    later = okr("run", "--as-of", "2026-06-30")
    assert later.returncode == 2
    assert "2026-06-30 is after 2026-01-31" in later.stderr
    assert "take 'as_of' out of project.yaml" in later.stderr
    earlier = okr("run", "--as-of", "2025-12-01")
    assert earlier.returncode == 2
    assert "2025-12-01 is before 2026-01-01" in earlier.stderr
    assert okr("backfill", "--from", "2025-12-01", "--to", "2026-01-02").returncode == 2
    assert "Traceback" not in later.stderr + earlier.stderr


def test_the_working_directory_is_no_secret(project):
    environment = {"OKR_STORE_URL": f"sqlite:///{project.directory}/nowhere.db", "PWD": str(project.directory)}
    done = run_okr("status", cwd=project.directory, env=environment)
    assert f"{project.directory}/nowhere.db." in done.stderr


def test_explain_shows_formula_rows_query_and_checks(told):
    done = told("explain", "signups")
    assert done.returncode == 0
    for text in ("310 / 900 = 0.344444", "sum of 31 periods", "signups.csv", "maximum", "31 of 31"):
        assert text in done.stdout
    objective = told("explain", "grow")
    assert "(1 · 0.344444) / 1 = 0.344444" in objective.stdout


def test_explain_of_an_unknown_id_names_the_nearest(told):
    done = told("explain", "sign-ups")
    assert done.returncode == 2
    assert "2026-Q1/signups" in done.stderr


def test_a_scorecard_that_was_published_is_written_again_byte_for_byte(told, done_project, tmp_path):
    published = (done_project.directory / "scorecards/2026-W05/index.html").read_bytes()
    assert told("scorecard", "--out", str(tmp_path)).returncode == 0
    assert (tmp_path / "2026-W05/index.html").read_bytes() == published


def test_a_week_that_was_never_published_is_marked_reconstructed(told, tmp_path):
    assert told("scorecard", "--week", "2026-W03", "--format", "json", "--out", str(tmp_path)).returncode == 0
    content = json.loads((tmp_path / "2026-W03/scorecard.json").read_text())
    assert any("Reconstructed" in note for note in content["notes"])
    assert told("scorecard", "--week", "last").returncode == 2


def test_status_json_has_the_promised_fields(told):
    told = json.loads(told("status", "--json").stdout)
    assert {"as_of", "known_at", "status_rule", "config_version", "objectives", "key_results"} <= set(told)
    promised = (
        "id objective cycle title owner metric measure unit value baseline target progress score expected_progress "
        "expected_progress_now pace_ratio gap status reason provisional value_period_end observed_share last_good forecast"
    )
    assert set(promised.split()) <= set(told["key_results"][0])
    promised = "id parent title level intent owner score expected_progress status coverage score_low score_high worst_key_result"
    assert set(promised.split()) <= set(told["objectives"][0])


def test_status_can_be_narrowed(told):
    assert json.loads(told("status", "--json", "--level", "team").stdout)["key_results"] == []
    assert len(json.loads(told("status", "--json", "--owner", "growth@small.example").stdout)["key_results"]) == 1
    assert len(json.loads(told("status", "--json", "--cycle", "2026-Q1").stdout)["objectives"]) == 1
    for rules in ([], ["--compare-rules"]):
        assert "is of what was asked for" in told("status", "--level", "team", *rules).stdout


@pytest.mark.parametrize(
    ("option", "name", "hint"),
    [
        ("--cycle", "2026-q1", "Did you mean 2026-Q1?"),
        ("--level", "boss", "There are: company, department, team, individual."),
        ("--owner", "nobody", "There are: "),
    ],
)
@pytest.mark.parametrize("form", ["--json", "--compare-rules"])
def test_a_status_of_a_name_that_nothing_has_is_refused(told, option, name, hint, form):
    done = told("status", option, name, form)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"There is no {option[2:]} '{name}'" in done.stderr
    assert hint in done.stderr


def test_a_narrow_terminal_is_told_what_a_wider_one_shows(done_project):
    wide = {"OKR_STORE_URL": done_project.store_url, "TTY_COMPATIBLE": "1"}
    told = run_okr("status", cwd=done_project.directory, env={**wide, "COLUMNS": "60"}).stdout
    assert "A wider terminal also shows:" in told


def test_status_can_be_compared_under_every_rule(told):
    done = told("status", "--compare-rules")
    assert done.returncode == 0, done.stderr
    assert all(rule in done.stdout for rule in ("pace", "viva", "google", "Mixed"))
    compared = json.loads(told("status", "--compare-rules", "--json").stdout)
    assert {"status_rule", "rules", "key_results", "mixed_share"} <= set(compared)


def test_what_was_known_before_anything_was_applied_is_nothing(told):
    done = told("status", "--known-at", "2020-01-01")
    assert done.returncode == 2
    assert "known by then" in done.stderr


def test_init_writes_a_project_that_validates_and_runs(okr, project, usual_store):
    assert okr("init", "mine").returncode == 0
    mine = project.directory / "mine"
    done = _command(Small(mine, usual_store(mine)))("run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert okr("init", "mine").returncode == 2
    assert okr("init", "other", "--from", "nothing").returncode == 2


def test_schemas_are_written_where_the_example_looks_for_them(okr, project):
    assert okr("schema").returncode == 0
    names = {path.name for path in (project.directory / "config/.schema").iterdir()}
    assert names == {
        "project.json", "sources.json", "metrics.json", "okrs.json", "check_ins.json", "people.json",
    }  # fmt: skip


def test_connectors_are_listed_shown_and_tested(okr):
    listed = json.loads(okr("connectors", "list", "--json").stdout)
    assert [it["name"] for it in listed if it["over"] is None] == list(load_connectors())
    assert "settings" in json.loads(okr("connectors", "show", "sql").stdout)
    assert {it["name"]: it["closes_after"] for it in listed}["google_analytics"] == "72h"
    assert "sheets answers" in okr("connectors", "test", "sheets").stdout
    assert okr("connectors", "test", "nothing").returncode == 2


def test_the_doctor_finds_a_fresh_store_well(told):
    done = told("store", "doctor", "--json")
    assert done.returncode == 0
    assert {it["status"] for it in json.loads(done.stdout)} <= {"ok", "warn"}


def test_the_doctor_asks_the_sources_too_and_tells_of_the_store_without_them(project, okr):
    found = {it["check"]: it["status"] for it in json.loads(okr("store", "doctor", "--json").stdout)}
    assert found == {"schema": "error", "source sheets": "ok"}
    project.put("sources/sheets.yaml", "sources: nonsense\n")
    found = {it["check"]: it["status"] for it in json.loads(okr("store", "doctor", "--json").stdout)}
    assert found == {"schema": "error", "sources": "warn"}
