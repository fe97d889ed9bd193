import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from connectors import catalogue
from connectors.errors import ConfigError


def entries(*pairs):
    return [EntryPoint(name, value, catalogue.GROUP) for name, value in pairs]


def test_the_shipped_connectors_are_found():
    found = catalogue.load_connectors()
    assert {"files", "sql"} <= set(found)
    assert {name: connector.describe().name for name, connector in found.items()} == {name: name for name in found}


def test_a_package_is_found_from_when_it_is_on_the_path(tmp_path, monkeypatch):
    before = catalogue.load_connectors()
    note = tmp_path / "odd-0.dist-info"
    note.mkdir()
    (note / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 0\n")
    (note / "entry_points.txt").write_text(f"[{catalogue.GROUP}]\nodd = connectors.files:CONNECTOR\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert set(catalogue.load_connectors()) - set(before) == {"odd"}


def test_packages_are_looked_through_once(monkeypatch):
    before = catalogue.load_connectors()
    monkeypatch.setattr(catalogue, "entry_points", lambda **_: pytest.fail("looked through again"))
    assert catalogue.load_connectors() == before


def test_one_connector_seen_twice_is_one():
    assert list(catalogue.loaded(entries(("sql", "connectors.sql:CONNECTOR")) * 2)) == ["sql"]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (entries(("sql", "a:X"), ("sql", "b:Y")), "Connector sql is given twice, by a:X and b:Y"),
        (entries(("odd", "no_such_module:X")), r"Connector odd \(no_such_module:X\) cannot be imported"),
        (entries(("odd", "connectors.sql:NOTHING")), "cannot be imported.*NOTHING"),
    ],
)
def test_what_cannot_be_told_apart_or_imported_is_a_config_error(found, message):
    with pytest.raises(ConfigError, match=message):
        dict(catalogue.loaded(found))


def test_a_connector_is_imported_when_it_is_asked_for():
    """So that one that lacks what it needs is in the way of those alone who use it."""
    found = catalogue.loaded(entries(("odd", "no_such_module:X"), ("sql", "connectors.sql:CONNECTOR")))
    assert (list(found), found["sql"].describe().name, found.get("even")) == (["odd", "sql"], "sql", None)
    with pytest.raises(ConfigError, match="odd"):
        found["odd"]


def test_looking_at_the_catalogue_imports_nothing_heavy():
    code = "import sys, connectors.catalogue; print({'pandas', 'sqlalchemy', 'sqlglot', 'pyarrow'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_describing_the_connectors_imports_no_driver():
    code = (
        "import sys; from connectors.catalogue import load_connectors\n"
        "[connector.describe() for connector in load_connectors().values()]\n"
        "print({'duckdb', 'psycopg', 'sqlalchemy', 'sqlglot', 'python_calamine'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
