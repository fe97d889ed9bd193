"""`okr run` where a promise changed: what it exits with, what it says, and what works when pasted."""

import json

from okr_pipeline_tests.cli.test_commands import _command
from okr_pipeline_tests.projects import OKRS, Small, january


def test_a_silent_change_exits_2_and_recording_it_exits_0(tmp_path, usual_store):
    project = Small(tmp_path, usual_store(tmp_path)).write(january())
    okr = _command(project)
    assert okr("run").returncode == 0
    project.put("okrs/q1.yaml", OKRS.replace("to: 900", "to: 950"))
    refused = okr("run")
    assert refused.returncode == 2
    assert refused.stderr.startswith("config/okrs/q1.yaml:9:7: key result '2026-Q1/signups': its target changed")
    assert '  - {on: 2026-01-31, to: 950, reason: "why it changed", author: "growth@small.example"}' in refused.stderr
    assert okr("run", "--amend", " ").returncode == 2
    assert okr("run", "--amend", "Fair in March", "--author", "cmo").returncode == 0
    told = json.loads(okr("status", "--json").stdout)["key_results"][0]
    assert (told["target"], told["original_target"]) == (950, 900)
    shown = okr("explain", "signups").stdout
    assert '{on: 2026-01-31, to: 950, reason: "Fair in March", author: cmo}' in shown
