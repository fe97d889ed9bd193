"""Which files are read, and what is said about those that nobody would read."""

import pytest

from okr_pipeline.config.loading import load
from okr_pipeline.config.problem import ConfigurationError

READ = "This version reads project.yaml, people.yaml, sources/, metrics/, okrs/ and check_ins/."
NOT_YET = "available: project.yaml, people.yaml, sources/, metrics/, okrs/, check_ins/. What is not read must not look as if it counted. Remove the file for now."


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("alerts.yaml", f"alerts.yaml:1:1: alerts are not available in this version; {NOT_YET}"),
        ("scorecards.yml", f"scorecards.yml:1:1: scorecards are not available in this version; {NOT_YET}"),
        ("poeple.yaml", f"poeple.yaml:1:1: no part of the configuration is read from this file. {READ} Did you mean people.yaml?"),
        ("metrics.yaml", f"metrics.yaml:1:1: no part of the configuration is read from this file. {READ} Did you mean metrics/metrics.yaml?"),
        ("metric/a.yaml", f"metric/a.yaml:1:1: no part of the configuration is read from this file. {READ} Did you mean metrics/a.yaml?"),
        ("projekt.yaml", f"projekt.yaml:1:1: no part of the configuration is read from this file. {READ} Did you mean project.yaml?"),
        ("zzz.yaml", f"zzz.yaml:1:1: no part of the configuration is read from this file. {READ} Move it to one of these, or out of the directory."),
        ("sub/project.yaml", f"sub/project.yaml:1:1: no part of the configuration is read from this file. {READ} Move it to one of these, or out of the directory."),
    ],
)  # fmt: skip
def test_a_yaml_file_that_is_not_read_is_a_problem(editor, file, message):
    assert editor.write({file: "a: 1\n"}).problems() == [message]


@pytest.mark.parametrize(
    "file",
    [
        "data/points.yaml",
        "notes.txt",
        "metrics/query.sql",
        ".hidden.yaml",
        ".schema/metrics.yaml",
        "metrics/.draft.yaml",
    ],
)
def test_data_hidden_files_and_other_kinds_are_passed_over(editor, file):
    assert editor.write({file: "{"}).problems() == []


@pytest.mark.parametrize("file", ["metrics/deep/er/more.yml", "sources/x.yml", "okrs/old/x.yaml"])
def test_sub_directories_and_yml_are_read(editor, file):
    assert editor.write({file: "{"}).problems()[0].startswith(f"{file}:1:2: a value is expected here.")


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "metrics:\n", "metrics: {}\n"])
def test_a_file_may_be_empty(editor, content):
    assert editor.write({"metrics/empty.yaml": content}).problems() == []


def test_project_yml_is_read_and_one_of_two_is_a_problem(editor):
    editor.write({"project.yml": "name: Second\n"})
    assert editor.problems() == [
        "project.yml:1:1: the project is already described in project.yaml. One of the two would be lost. Remove one of them."
    ]


def test_a_project_without_its_file_is_a_problem(editor):
    del editor.files["project.yaml"]
    assert editor.problems() == [
        "project.yaml:1:1: the file is missing. It names the project and its time zone. Create it with 'name: …' and 'timezone: …'."
    ]


def test_a_directory_that_is_not_there_is_a_problem(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no such directory"):
        load(tmp_path / "none", connectors={}, environ={})
