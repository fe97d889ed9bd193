"""No connector without the suites."""

from importlib import import_module
from pathlib import Path

import pytest

from connectors.catalogue import load_connectors
from connectors.http.settings import HttpLimits
from okr_pipeline_tests import connectors as tests
from okr_pipeline_tests.connectors.conformance import Conformance
from okr_pipeline_tests.connectors.http.survival import Survival


@pytest.fixture(scope="module", autouse=True)
def _all_tests_are_imported():
    # Directories without an __init__.py are packages, too, and pkgutil does not walk into them.
    for root in map(Path, tests.__path__):
        for path in sorted(root.rglob("test_*.py")):
            import_module(".".join([tests.__name__, *path.relative_to(root).with_suffix("").parts]))


def names_of(suite):
    return {it.subject.connector.describe().name for it in suite.__subclasses__()}


def test_every_connector_keeps_the_contract_in_a_test():
    assert set(load_connectors()) <= names_of(Conformance)


def test_every_connector_that_speaks_http_lives_through_every_fault():
    connectors = load_connectors().items()
    assert {name for name, it in connectors if issubclass(it.describe().settings, HttpLimits)} <= names_of(Survival)
