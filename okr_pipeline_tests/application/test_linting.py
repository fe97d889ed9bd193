"""Linting a project: places, stored facts, suppressions, and projects that we ship."""

import json
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from okr_pipeline.application.linting import lint_project
from okr_pipeline.cli.main import app
from okr_pipeline.config.problem import ConfigurationError
from okr_pipeline.store import Store
from okr_pipeline_tests.projects import OKRS, PROJECT, Small

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(str(files("okr_pipeline.cli") / "templates"))
ASKED = ["lint", "--json", "--config"]
NO_STORE = "sqlite:////nonexistent/okr.db"


def found(small: Small, *, store: str | None = None) -> list[tuple[str, str]]:
    told = lint_project(small.directory / "config", store_url=store or small.store_url)
    return [(it["rule"], it["id"]) for it in told["findings"]]


def with_okrs(small: Small, old: str, new: str) -> Small:
    assert old in OKRS
    small.put("okrs/q1.yaml", OKRS.replace(old, new))
    return small


def test_a_finding_names_file_line_and_column_of_what_is_meant(small: Small) -> None:
    with_okrs(small, "title: Win 900 sign-ups", "title: Streamline sign-ups")
    told = lint_project(small.directory / "config", store_url=NO_STORE)
    places = {it["rule"]: (Path(it["file"]).name, it["line"], it["column"]) for it in told["findings"]}
    assert places == {
        "no-why": ("q1.yaml", 3, 3),
        "one-key-result": ("q1.yaml", 8, 5),
        "vague-words": ("q1.yaml", 10, 9),
    }
    assert (told["warnings"], told["advice"]) == (2, 1)
    assert told["without_data"].startswith("There is no store")


@pytest.mark.parametrize("config", [ROOT / "config", *sorted(TEMPLATES.glob("*/config"))], ids=str)
def test_what_we_ship_has_no_finding(config: Path) -> None:
    told = lint_project(config, store_url=NO_STORE)
    assert told["findings"] == []
    assert all(it["reason"].endswith(".") for it in told["suppressed"])


def test_where_a_metric_stood_before_the_start_is_asked_of_the_store(small: Small) -> None:
    reach = "measure: {reach: {from: 5, to: 9}}\n        over: trailing 10 days\n        starts: 2026-01-21"
    with_okrs(small, "measure: {accumulate: {to: 900}}", reach)
    assert ("met-at-start", "2026-Q1/signups") not in found(small, store=NO_STORE)
    small.observe()
    told = lint_project(small.directory / "config", store_url=small.store_url)
    (met,) = (it for it in told["findings"] if it["rule"] == "met-at-start")
    assert met["what"] == "aims at 9, and 'signups' was at 100 before the start"
    assert told["without_data"] is None
    ran = CliRunner().invoke(
        app, [*ASKED, str(small.directory / "config"), "--store", small.store_url, "--known-at", "2020-01-01"]
    )
    then = json.loads(ran.stdout)
    assert "met-at-start" not in [it["rule"] for it in then["findings"]]
    assert (then["known_at"], told["known_at"]) == ("2020-01-01T23:00:00.000000Z", None)


def test_what_is_stored_is_read_once(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    with_okrs(small, "measure: {accumulate: {to: 900}}", "measure: {accumulate: {to: 400}}\n        starts: 2026-01-21")
    small.observe()
    asked = []
    observed = Store.observed_values
    monkeypatch.setattr(Store, "observed_values", lambda *given: asked.append(given) or observed(*given))
    assert "certain" in [rule for rule, _ in found(small)]
    assert len(asked) == 1


def test_what_a_metric_did_by_itself_before_is_asked_of_the_store(small: Small) -> None:
    reach = "measure: {reach: {from: 140, to: 60}}\n        over: trailing 7 days\n        starts: 2026-02-26"
    with_okrs(small, "measure: {accumulate: {to: 900}}", reach)
    first = date(2026, 1, 1)
    weekly = [10, 8, 6, 8, 7, 6, 8, 20]
    days = {first + timedelta(days=day): weekly[day // 7] for day in range(56)}
    lines = ["day,signups", *(f"{day},{value}" for day, value in days.items())]
    small.put("data/signups.csv", "\n".join(lines) + "\n")
    small.put("project.yaml", PROJECT.format(as_of=date(2026, 3, 1)))
    metrics = (small.directory / "config/metrics/signups.yaml").read_text()
    small.put("metrics/signups.yaml", metrics.replace("freshness: 3d", "freshness: 9d\n    healthy: {min: 1}"))
    small.put(
        "metrics/signups.yaml", (small.directory / "config/metrics/signups.yaml").read_text().replace("higher", "lower")
    )
    small.observe()
    told = lint_project(small.directory / "config", store_url=small.store_url)
    (certain,) = (it for it in told["findings"] if it["rule"] == "certain")
    assert certain["what"] == "aims at 60, where 'signups' was in 6 of 7 earlier stretches"


@pytest.mark.parametrize(("to", "rule"), [(400, "certain"), (680, None), (5000, "hopeless")])
def test_what_a_forecast_of_the_first_day_said_is_asked_of_the_store(small: Small, to: int, rule: str | None) -> None:
    """Seventy days of about ten a day, seen from the first of them, whatever came after it."""
    days = [date(2026, 1, 1) + timedelta(days=day) for day in range(31)]
    first = [8, 11, 10, 12, 9, 11, 7, 12, 10, 9, 11, 10]
    small.write({day: first[at % 12] if day.day <= 21 else 500 for at, day in enumerate(days)})
    with_okrs(
        small, "measure: {accumulate: {to: 900}}", f"measure: {{accumulate: {{to: {to}}}}}\n        starts: 2026-01-21"
    )
    small.observe()
    told = [it for it, _ in found(small) if it in ("certain", "hopeless")]
    assert told == ([rule] if rule else [])
    assert [it for it, _ in found(small, store=NO_STORE) if it in ("certain", "hopeless")] == []


@pytest.mark.parametrize(("ends", "said"), [("2026-03-31", True), ("2026-02-28", False)])
def test_a_forecast_on_a_weekly_metric_is_asked_for_within_a_fortnight_of_a_longer_promise(
    small: Small, ends: str, *, said: bool
) -> None:
    small.put("project.yaml", PROJECT.format(as_of="2026-01-31").replace("2026-01-01", "2025-01-01"))
    mondays = [date(2025, 9, 29) + timedelta(weeks=week) for week in range(17)]
    small.put("data/signups.csv", "\n".join(["day,signups", *(f"{it},{60 + it.day % 7}" for it in mondays)]) + "\n")
    metrics = (small.directory / "config/metrics/signups.yaml").read_text()
    small.put(
        "metrics/signups.yaml", metrics.replace("grain: day", "grain: week").replace("freshness: 3d", "freshness: 9d")
    )
    with_okrs(small, "measure: {accumulate: {to: 900}}", f"measure: {{accumulate: {{to: 200}}}}\n        ends: {ends}")
    small.observe()
    assert ("certain" in [rule for rule, _ in found(small)]) is said


def test_a_metric_without_fresh_values_is_found_with_its_key_result(small: Small) -> None:
    small.observe()
    assert "stale-metric" not in [rule for rule, _ in found(small)]
    told = lint_project(small.directory / "config", store_url=small.store_url, as_of="2026-02-20")
    assert ("stale-metric", "2026-Q1/signups") in [(it["rule"], it["id"]) for it in told["findings"]]


def test_a_suppression_needs_a_rule_that_exists_and_a_reason(small: Small) -> None:
    for written, told in (
        ("{one-key-resul: It is one.}", "suppress.one-key-resul: there is no lint rule 'one-key-resul'. "),
        ("{one-key-result: }", "suppress.one-key-result: nothing is not text"),
        ("[one-key-result]", "suppress: a list is not a mapping of keys"),
    ):
        with_okrs(small, "    intent: committed\n", f"    intent: committed\n    suppress: {written}\n")
        with pytest.raises(ConfigurationError) as caught:
            lint_project(small.directory / "config", store_url=NO_STORE)
        assert told in str(caught.value)
        assert "q1.yaml:8:" in str(caught.value)


def test_strict_ends_with_1_where_there_is_a_warning_and_with_0_otherwise(small: Small) -> None:
    def exit_code(*options: str) -> int:
        config = ["--config", str(small.directory / "config"), "--store", NO_STORE]
        return CliRunner().invoke(app, ["lint", *config, *options]).exit_code

    assert exit_code() == 0
    assert exit_code("--strict") == 1
    reasons = '{one-key-result: "It is all we sell.", no-why: "It is the mission."}'
    with_okrs(small, "    intent: committed\n", f"    intent: committed\n    suppress: {reasons}\n")
    assert exit_code("--strict") == 0
    assert lint_project(small.directory / "config", store_url=NO_STORE)["findings"] == []
