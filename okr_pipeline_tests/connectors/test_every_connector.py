"""No connector without the suites."""

import pkgutil
from importlib import import_module

import pytest

from connectors.catalogue import load_connectors
from connectors.http.settings import HttpLimits
from okr_pipeline_tests import connectors as tests
from okr_pipeline_tests.connectors.conformance import Conformance
from okr_pipeline_tests.connectors.http.survival import Survival


@pytest.fixture(scope="module", autouse=True)
def _all_tests_are_imported():
    for module in pkgutil.walk_packages(tests.__path__, f"{tests.__name__}."):
        if module.name.rpartition(".")[2].startswith("test_"):
            import_module(module.name)


def names_of(suite):
    return {it.subject.connector.describe().name for it in suite.__subclasses__()}


def test_every_connector_keeps_the_contract_in_a_test():
    assert names_of(Conformance) == set(load_connectors())


def test_every_connector_that_speaks_http_lives_through_every_fault():
    connectors = load_connectors().items()
    assert names_of(Survival) == {name for name, it in connectors if issubclass(it.describe().settings, HttpLimits)}
