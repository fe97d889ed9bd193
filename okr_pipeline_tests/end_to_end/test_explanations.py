"""Explanations of the example: every number of every key result and objective, as `okr status` has it."""

import pytest

from okr_pipeline.application.explaining import Explanation, explain
from okr_pipeline.application.telling import status
from okr_pipeline.application.workspace import Workspace, open_applied


@pytest.fixture(scope="module")
def workspace(example_run) -> Workspace:
    return open_applied(example_run.directory / "config", store_url=example_run.store_url)[0]


@pytest.fixture(scope="module")
def explained(workspace) -> dict[str, Explanation]:
    """Everything there is, explained, by id."""
    told = status(workspace, as_of=workspace.as_of())
    names = [it["id"] for it in (*told["key_results"], *told["objectives"])]
    return {name: explain(workspace, name, as_of=workspace.as_of()) for name in names}


def test_what_is_explained_alone_is_what_status_says_beside_all_others(workspace, explained):
    told = status(workspace, as_of=workspace.as_of())
    rows = {it["id"]: it for it in (*told["key_results"], *told["objectives"])}
    assert {name: it.record for name, it in explained.items()} == {
        name: {column: fact for column, fact in row.items() if column != "last_check_in"} for name, row in rows.items()
    }
