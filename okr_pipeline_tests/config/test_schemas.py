"""Editors are told the same language as `load` reads."""

import json
from pathlib import Path

import jsonschema
import pytest

from okr_pipeline.config.document import read_document
from okr_pipeline.config.metric_keys import MetricKeys
from okr_pipeline.config.okr_keys import KeyResultKeys, MeasureKeys, ObjectiveKeys, PaceKeys
from okr_pipeline.config.project_keys import ProjectKeys
from okr_pipeline.config.schemas import json_schemas
from okr_pipeline.config.sources import ConnectorSchema

EXAMPLE = Path(__file__).parents[2] / "config"


@pytest.fixture
def errors(editor, tmp_path):
    schemas = json_schemas(editor.connectors)

    def found(file: str, text: str) -> list[str]:
        path = tmp_path / "file.yaml"
        path.write_text(text)
        schema = schemas[f"{Path(file).parts[0].removesuffix('.yaml')}.json"]
        validator = jsonschema.Draft202012Validator(schema)
        return [error.message for error in validator.iter_errors(read_document(path, file).value)]

    return found


def test_the_schemas_are_schemas(editor):
    schemas = json_schemas(editor.connectors)
    assert set(schemas) == {
        "project.json",
        "people.json",
        "sources.json",
        "metrics.json",
        "okrs.json",
        "check_ins.json",
    }
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
        json.dumps(schema)


def test_every_valid_file_is_valid_in_an_editor(editor, errors):
    for file, text in editor.files.items():
        assert errors(file, text) == [], file


def installed_schemas():
    from connectors.catalogue import load_connectors

    described = {name: connector.describe() for name, connector in load_connectors().items()}
    return json_schemas({name: ConnectorSchema(it.settings, it.request) for name, it in described.items()})


def defaults(schema, definitions):
    """What schemas inside of a schema have as default, with the schema that it is of."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for it in inner:
        yield from defaults(it, definitions)
    if isinstance(schema, dict) and not isinstance(schema.get("default", {}), dict):
        yield schema["default"], {**schema, "$defs": definitions}


@pytest.mark.parametrize("file", ["project.json", "sources.json", "metrics.json", "okrs.json"])
def test_every_default_is_shown_as_it_may_be_written(file):
    schema = installed_schemas()[file]
    shown = list(defaults(schema, schema.get("$defs", {})))
    assert shown
    for default, inner in shown:
        jsonschema.Draft202012Validator(inner).validate(default)


@pytest.mark.parametrize("file", sorted(path.relative_to(EXAMPLE).as_posix() for path in EXAMPLE.rglob("*.yaml")))
def test_every_file_of_the_example_is_valid_in_an_editor(file):
    schemas = installed_schemas()
    name = Path(file).parts[0].removesuffix(".yaml")
    jsonschema.validate(read_document(EXAMPLE / file, file).value, schemas[f"{name}.json"])


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("project.yaml", "status_rule: pace", "statusrule: pace"),
        ("project.yaml", "status_rule: pace", "status_rule: vivid"),
        ("project.yaml", "week_starts: monday", "week_starts: munday"),
        ("sources/main.yaml", "max_rows: 1000", "maxrows: 1000"),
        ("sources/main.yaml", "max_rows: 1000", "max_rows: 0"),
        ("sources/main.yaml", "connector: sql", "connector: sqll"),
        ("metrics/main.yaml", "freshness: 36h", "freshnes: 36h"),
        ("metrics/main.yaml", "freshness: 36h", "freshness: 36 hrs"),
        ("metrics/main.yaml", "    freshness: 36h", "    milestones: []"),
        ("metrics/main.yaml", "complete: 0.95", "complete: 95"),
        ("metrics/main.yaml", "complete: 0.95", "complete: {share: 0.95}"),
        ("metrics/main.yaml", "    formula: spend / flights\n", ""),
        ("okrs/2013-q2.yaml", "horizon: strategic", "horizons: strategic"),
        ("okrs/2013-q2.yaml", "over: trailing 28 days", "over: last 28 days"),
        ("okrs/2013-q2.yaml", "state: active", "contributes_too: annual"),
        ("okrs/2013-q2.yaml", "pace: linear", "pace: season"),
        ("project.yaml", "week_starts: monday", "holidays: Germany"),
        ("okrs/2013-q2.yaml", "{limit: {to: 120000}}", "{limit: {too: 120000}}"),
        ("okrs/2013-q2.yaml", "{limit: {to: 120000}}", "{limit: {to: 120000}, reach: {from: 1, to: 2}}"),
        ("okrs/2013-q2.yaml", "by: +25%", "by: a quarter"),
        ("okrs/2013-q2.yaml", "starts: 2013-04-15", "starts: April"),
        ("okrs/2013.yaml", "objectives:", "objektives:"),
    ],
)
def test_what_load_refuses_by_its_form_is_marked_in_an_editor(editor, errors, file, old, new):
    assert errors(file, editor.edit(file, old, new).files[file])


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("sources/main.yaml", "max_rows: 1000", "max_rows: ${ROWS:-1000}"),
        ("metrics/main.yaml", "max_change: {ratio: 5, severity: warn}", "max_change: 5"),
        ("metrics/main.yaml", "monotonic: false", "monotonic: {severity: warn}"),
        ("metrics/main.yaml", "between: [-60, 300]", "between: {min: -60, max: 300}"),
        ("okrs/2013-q2.yaml", "where: {carrier: B6}", "where: {carrier: 9}"),
        ("okrs/2013-q2.yaml", "by: +25%", "by: -300"),
        ("okrs/2013-q2.yaml", "by: +25%", "by: +10 points"),
        ("okrs/2013-q2.yaml", "to: +20% of previous_cycle", "to: 20"),
        ("okrs/2013-q2.yaml", "pace: linear", "pace: back_loaded"),
        ("project.yaml", "week_starts: monday", "holidays: DE-BY"),
        ("project.yaml", "week_starts: monday", "holidays: [US, 2013-12-24]"),
    ],
)
def test_every_way_to_write_it_is_valid_in_an_editor(editor, errors, file, old, new):
    assert errors(file, editor.edit(file, old, new).files[file]) == []


@pytest.mark.parametrize("keys", [ProjectKeys, MetricKeys, ObjectiveKeys, KeyResultKeys, MeasureKeys, PaceKeys])
def test_no_key_that_is_not_available_is_offered_and_every_other_is_described(keys):
    assert not keys.not_yet & set(keys.model_fields)
    assert all(info.description for info in keys.model_fields.values())
