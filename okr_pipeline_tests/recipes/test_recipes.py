"""Each recipe needs its variables and nothing else, and asks what its service's documentation describes."""

import json
import re
from datetime import UTC, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from connectors.api.vendors import VendorSettings
from connectors.catalogue import load_connectors
from okr_pipeline.application.reading import read_source
from okr_pipeline.application.workspace import open_workspace
from okr_pipeline.cli import main
from okr_pipeline.cli.recipes import OVER, recipes
from okr_pipeline.model.calendar import Period
from okr_pipeline.rendering.words import plural
from okr_pipeline_tests.connectors.http.server import Server, json_reply
from okr_pipeline_tests.docs.documents import ROOT
from okr_pipeline_tests.recipes.services import MIDNIGHT, SERVICES, between

RECIPES = recipes()
OVER_REST = [name for name, it in RECIPES.items() if it.connector == OVER]
FORTNIGHT = Period(MIDNIGHT, MIDNIGHT + timedelta(days=14))
GRAINS = {"day": timedelta(days=1), "week": timedelta(days=7)}


@pytest.fixture
def okr(tmp_path, monkeypatch, capsys):
    """A command in an empty directory: its exit code, and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    return run


@pytest.fixture
def project(okr, monkeypatch):
    """What `okr init` writes of a recipe, with its variables, pointed at a server."""

    def made(name, server=None):
        assert okr("init", "it", "--from", name)[0] == 0
        for variable, value in SERVICES[name].variables.items():
            monkeypatch.setenv(variable, value)
        file = Path("it/config/sources") / f"{name}.yaml"
        if server is not None:
            url = re.search(r"base_url: (\S+)", file.read_text())[1]
            path = "" if url.startswith("$") else urlsplit(url).path
            here = f"base_url: {server.url}{path}\n    allow_private_hosts: true"
            file.write_text(re.sub(r"base_url: .*", here, file.read_text()))
        return Path("it/config")

    return made


def test_there_is_one_for_each_of_nine_services_and_each_has_a_fake():
    assert sorted(OVER_REST) == sorted(SERVICES)
    assert len(OVER_REST) == 9


def test_every_vendor_that_has_a_connector_has_a_beginning():
    vendors = {name for name, it in load_connectors().items() if issubclass(it.describe().settings, VendorSettings)}
    assert vendors <= set(RECIPES)
    assert len(vendors) >= 10


@pytest.mark.parametrize("name", RECIPES)
def test_it_is_short(name):
    lines = (RECIPES[name].sources + RECIPES[name].metrics).splitlines()
    assert len([line for line in lines if line.strip() and line.strip()[0] != "#"]) <= 30


@pytest.mark.parametrize("name", OVER_REST)
def test_init_writes_what_needs_only_its_variables(okr, project, name):
    config = project(name)
    code, said = okr("validate", "--config", str(config))
    assert code == 0, said
    sources = yaml.safe_load((config / "sources" / f"{name}.yaml").read_text())["sources"]
    metrics = yaml.safe_load((config / "metrics" / f"{name}.yaml").read_text())["metrics"]
    assert f"{plural(len(sources), 'source')}, {plural(len(metrics), 'metric')}" in said
    assert okr("init", "it", "--from", name)[0] == 2


@pytest.mark.parametrize("name", OVER_REST)
def test_init_tells_the_variables_and_without_any_of_them_the_file_is_refused(okr, project, monkeypatch, name):
    code, said = okr("init", "other", "--from", name)
    assert (code, list(RECIPES[name].variables)) == (0, list(SERVICES[name].variables))
    assert f"set {', '.join(SERVICES[name].variables)}, look at config/" in said
    config = project(name)
    for variable, value in SERVICES[name].variables.items():
        monkeypatch.delenv(variable)
        code, said = okr("validate", "--config", str(config))
        assert code == 2
        assert f"environment variable {variable} is not set" in said
        monkeypatch.setenv(variable, value)


@pytest.mark.parametrize("name", OVER_REST)
def test_its_numbers_are_those_of_the_service_for_every_day_and_none_is_counted_twice(project, name):
    with Server(SERVICES[name]) as server:
        workspace = open_workspace(project(name, server))
        metrics = workspace.configuration.metrics
        [source] = workspace.configuration.sources
        delivery = read_source(workspace, source, dict.fromkeys(metrics, FORTNIGHT))
    assert delivery.failures == {}
    for metric in metrics.values():
        points = delivery.points[delivery.points["metric"] == metric.id]
        length = GRAINS[metric.grain.value]
        starts = [FORTNIGHT.start + number * length for number in range(timedelta(days=14) // length)]
        factor = 10.1 if metric.unit.startswith("currency") else 1
        meant = {start: pytest.approx(between(start, start + length) * factor) for start in starts}
        if metric.empty == "zero":
            meant = {start: value for start, value in meant.items() if value != 0}
        assert dict(zip(points["period_start"].dt.to_pydatetime(), points["value"], strict=True)) == meant


@pytest.mark.parametrize("name", OVER_REST)
def test_a_service_that_refuses_or_answers_otherwise_is_an_error_of_each_metric(project, name):
    answers = [json_reply({"error": "who are you?"}, 401), json_reply({"result": "error", "message": "no"})]
    with Server(lambda seen: answers[0]) as server:
        workspace = open_workspace(project(name, server))
        metrics = workspace.configuration.metrics
        [source] = workspace.configuration.sources
        while answers:
            delivery = read_source(workspace, source, dict.fromkeys(metrics, FORTNIGHT))
            assert set(delivery.failures) == set(metrics), answers
            answers.pop(0)


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in OVER_REST])
def test_the_beginning_for_a_connector_needs_only_its_variables_too(okr, monkeypatch, name):
    """What its requests are is the business of the connector's own tests."""
    recipe = RECIPES[name]
    assert recipe.connector == name
    code, said = okr("init", "it", "--from", name)
    assert code == 0
    assert not recipe.variables or f"set {', '.join(recipe.variables)}, look at config/" in said
    for variable in recipe.variables:
        monkeypatch.setenv(variable, "https://shop.example" if variable.endswith("_URL") else "123456")
    code, said = okr("validate", "--config", "it/config")
    assert code == 0, said
    assert f"1 source, {len(recipe.metric_ids)} metric" in said


def test_they_are_listed_beside_connectors_with_what_they_are_over_and_untested(okr):
    listed = json.loads(okr("connectors", "list", "--json")[1])
    assert [it["name"] for it in listed if it["over"] is None] == list(load_connectors())
    over = [it for it in listed if it["over"] is not None]
    assert [(it["name"], it["over"]) for it in over] == [(name, OVER) for name in OVER_REST]
    assert all("the service itself" in it["untested"] for it in over)
    assert all(name in okr("connectors", "list")[1] for name in OVER_REST)


@pytest.mark.parametrize("name", OVER_REST)
def test_one_is_shown_as_the_files_that_init_writes(okr, name):
    assert okr("connectors", "show", name) == (0, f"{RECIPES[name].sources}\n{RECIPES[name].metrics}")


def test_what_is_no_recipe_is_told_with_those_there_are(okr):
    for arguments in (["init", "x", "--from", "nothing"], ["connectors", "show", "nothing"]):
        code, said = okr(*arguments)
        assert code == 2
        assert all(name in " ".join(said.split()) for name in OVER_REST)


def test_the_page_has_each_with_its_variables_and_metrics():
    page = (ROOT / "docs" / "recipes.md").read_text()
    for name in OVER_REST:
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        assert all(f"`{word}`" in row for word in (*RECIPES[name].variables, *RECIPES[name].metric_ids))


def test_events_are_near_the_edges_of_days():
    """Or else a bound too many would not be seen."""
    assert between(MIDNIGHT, MIDNIGHT + timedelta(days=14)) == 15
    assert MIDNIGHT.tzinfo is UTC


@pytest.mark.parametrize(
    ("name", "instead"), [("files", "Begin with csv"), ("rest", "docs/rest.md"), ("dagster_asset", "docs/dagster.md")]
)
def test_a_connector_without_a_beginning_says_where_to_begin(okr, name, instead):
    code, printed = okr("init", "it", "--from", name)
    assert (code, instead in printed) == (2, True)


def test_a_project_in_this_directory_leads_nowhere_else(okr):
    assert okr("init", "--from", "stripe")[1].startswith("A project in this directory. Next: set STRIPE_KEY, ")


def test_counts_of_one_are_told_as_one(okr, project):
    project("plausible")
    assert okr("validate", "--config", "it/config")[1].startswith(
        "it/config is valid: 1 source, 2 metrics, 0 cycles, 0 objectives, 0 key results."
    )


def test_a_run_that_reads_nothing_and_scores_nothing_says_so(okr, project):
    with Server(lambda _: json_reply({"error": {"message": "Invalid API Key provided"}}, 401)) as server:
        project("plausible", server)
        code, printed = okr("run", "--config", "it/config")
    assert code == 1
    assert re.search(r"^Read       plausible: 2 metrics, 0 rows, not read · ", printed, re.MULTILINE)
    assert "Scores     there is no key result yet" in printed
    assert (
        "No objective or key result is of what was asked for; config/okrs/" in okr("status", "--config", "it/config")[1]
    )
