"""Every number of the example is proved by a file that two programs work out again."""

import json
import subprocess
from pathlib import Path

import pytest

from okr_pipeline import recheck
from okr_pipeline.application.proving import prove, verify
from okr_pipeline.application.telling import status
from okr_pipeline.application.workspace import open_applied
from okr_pipeline_tests.commands import run_okr

TOLD_BESIDE = ("last_check_in", "checked_in", "failure")
"""What `okr status` tells that is no score."""


@pytest.mark.slow
def test_every_key_result_and_objective_verifies_by_both_programs(example_run):
    workspace, _ = open_applied(example_run.directory / "config", store_url=example_run.store_url)
    as_of = workspace.as_of()
    told = status(workspace, as_of=as_of)
    rows = {row["id"]: row for row in (*told["key_results"], *told["objectives"])}
    assert len(rows) > 40
    for name, row in rows.items():
        text = prove(workspace, name, as_of=as_of)
        document = json.loads(text)
        stated = [*document["stated"]["key_results"], *document["stated"]["objectives"]]
        scores = {column: value for column, value in row.items() if column not in TOLD_BESIDE}
        assert [it for it in stated if it["id"] == name] == [scores], name
        assert verify(text).differences == (), name
        assert recheck.recheck(document) == [], name


def test_a_proof_file_is_equal_byte_for_byte_when_written_twice_and_verifies_anywhere(example_run, tmp_path):
    paths = [tmp_path / name for name in ("once.json", "twice.json")]
    for path in paths:
        example_run.okr("explain", "2013-Q2/jfk-launches", "--proof", str(path))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    done = _verify(paths[0], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "bit for bit" in done.stdout


def test_a_proof_file_with_another_number_exits_1_and_names_it(example_run, tmp_path):
    path = tmp_path / "proof.json"
    example_run.okr("explain", "2013-Q2/jfk-launches", "--proof", str(path))
    document = json.loads(path.read_text())
    document["stated"]["key_results"][0]["progress"] = 0.99
    path.write_text(json.dumps(document))
    done = _verify(path, tmp_path)
    assert done.returncode == 1
    assert "2013-Q2/jfk-launches.progress: stated 0.99, found 0.5" in done.stdout
    assert "hash" in done.stdout


def test_what_is_no_proof_file_exits_2(example_run, tmp_path):
    assert _verify(tmp_path / "nothing.json", tmp_path).returncode == 2
    (tmp_path / "other.json").write_text("{}")
    done = _verify(tmp_path / "other.json", tmp_path)
    assert done.returncode == 2
    assert "okr explain --proof" in done.stderr


def _verify(path: Path, directory: Path) -> subprocess.CompletedProcess[str]:
    """`okr verify` where there is neither a configuration nor a store."""
    return run_okr("verify", str(path), cwd=directory)
