"""What the example's commands show in a terminal of eighty columns: whole headings, whole figures, whole names of metrics."""

import json
import re
import shutil

import pytest

from okr_pipeline_tests.commands import run_okr

COMMANDS = [
    ["status"],
    ["status", "--compare-rules"],
    ["health"],
    ["review", "2013-Q2"],
    ["compare", "--from", "2013-05-05", "--to", "2013-05-19"],
]


def shown(example, *arguments, columns=80):
    terminal = {"TTY_COMPATIBLE": "1", "NO_COLOR": "1", "COLUMNS": str(columns), "OKR_STORE_URL": example.store_url}
    done = run_okr(*arguments, cwd=example.directory, env=terminal)
    assert done.returncode == 0, done.stderr
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).splitlines()]


def table_in(lines):
    start = next(number for number, line in enumerate(lines) if re.match(r"(Status|Key|State|Grade|Objective)\b", line))
    rows = lines[start:]
    below = ("A wider", "Left out", "Rules:", "≠", "Σ")
    return rows[: next(number for number, row in enumerate(rows) if not row or row.startswith(below))]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_row_is_a_line_that_fits_and_only_a_name_is_cut(example_run, command):
    headings, *rows = table_in(shown(example_run, *command))
    assert len(rows) >= 10
    assert all(len(row) <= 80 and row.count("…") <= 1 for row in (headings, *rows))
    names = ("Objective", "Key result", "Metric")
    start = next(headings.index(name) for name in names if name in headings)
    assert all(start < row.index("…") < start + 32 for row in rows if "…" in row)


def test_health_names_every_member_and_says_below_what_the_table_has_no_room_for(example_run):
    lines = shown(example_run, "health")
    told = json.loads(example_run.okr("health", "--json").stdout)["metrics"]
    judged = [" ".join([it["metric"], *it["dimensions"].values()]) for it in told if it["state"] != "no_band"]
    assert all(any(f" {name} " in f"{line} " for line in lines) for name in judged)
    assert "A wider terminal also shows: since" in lines
    assert any(line.startswith("noise: its limits expect this: arrival_delay") for line in lines)


def test_rules_are_told_by_four_letters_and_none_is_left_out(example_run):
    lines = shown(example_run, "status", "--compare-rules")
    told = json.loads(example_run.okr("status", "--compare-rules", "--json").stdout)
    headings, *rows = table_in(lines)
    assert headings.split()[2:] == ["pace", *(it["name"][:4] for it in told["rules"] if it["name"] != "pace")]
    assert sum(row.endswith("mixed") for row in rows) == told["mixed"] > 0
    assert "Progress" in shown(example_run, "status", "--compare-rules", columns=140)[1]


def test_the_meaning_of_a_column_is_told_where_it_is_shown(example_run):
    narrow, wide = (" ".join(shown(example_run, "status", columns=columns)) for columns in (80, 140))
    assert ("At end:" in narrow, "At end:" in wide) == (False, True)


def test_a_plan_names_the_whole_key_result(example_run, tmp_path):
    shutil.copytree(example_run.directory / "config", tmp_path / "config")
    file = tmp_path / "config/okrs/2013-q2.yaml"
    file.write_text(file.read_text().replace("{limit: {to: 300}}", "{limit: {to: 350}}"))
    lines = shown(example_run, "plan", "--config", str(tmp_path / "config"))
    assert sum(line.startswith("2013-Q2/ewr-cancellations ") for line in lines) == 2
    assert all(len(line) <= 80 for line in lines)


def test_a_comparison_of_everything_tells_of_what_only_got_new_data_in_one_line(example_run):
    days = ("--from", "2013-05-12", "--to", "2013-05-19")
    every, one = shown(example_run, "compare", *days), shown(example_run, "compare", *days, "2013-Q2/departure-delay")
    assert "? Became known by time: 2013-05-sprint/calm-afternoons," in " ".join(every)
    assert not any(line.startswith("  New: ") for line in every)
    assert any(line.startswith("33 key results without late or restated rows") for line in every)
    assert "  New: 229 rows, from 2013-05-13 to 2013-05-19" in one


def test_a_review_of_what_still_runs_says_once_that_no_grade_is_final(example_run):
    lines = shown(example_run, "review", "2013-Q2", columns=140)
    assert "no final grades" in lines[0]
    assert not any("provisional" in line for line in lines)
    assert "≠ 2013-Q2/b6-departure-delay: 10 min was promised first, 78 % of the way" in [
        line.replace("\xa0", " ").replace("\u202f", " ") for line in lines
    ]


def test_what_is_suppressed_is_listed_with_its_reason(example_run):
    lines = shown(example_run, "lint")
    assert "  relative-percentage, 2013-Q2/ev-cancellations: Half of the share is meant, as the title says." in lines
