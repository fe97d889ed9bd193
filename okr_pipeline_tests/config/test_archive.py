"""A configuration survives being written down, and its version says whether two are the same."""

import pytest

from okr_pipeline.config.archive import dump, restore, version


def test_a_configuration_is_restored_as_it_was(editor):
    configuration = editor.load()
    assert restore(dump(configuration)) == configuration
    assert version(restore(dump(configuration))) == configuration.version


def test_a_version_is_twelve_hexadecimal_digits(editor):
    found = editor.load().version
    assert len(found) == 12
    int(found, 16)


def _reversed_items(text: str, head: str) -> str:
    """The same mapping with its items, indented by two, in the opposite order."""
    items: list[str] = []
    for line in text.removeprefix(head).splitlines(keepends=True):
        if line.startswith("  ") and line[2] != " ":
            items.append("")
        items[-1] += line
    return head + "".join(reversed(items))


def test_comments_file_names_order_and_secrets_do_not_change_the_version(editor, new_editor):
    before = editor.load().version
    other = new_editor()
    metrics = _reversed_items(other.files.pop("metrics/main.yaml"), "metrics:\n")
    other.files["metrics/sub/renamed.yml"] = "# a comment\n" + metrics
    other.files["okrs/zz.yaml"] = other.files.pop("okrs/2013.yaml")
    other.edit("sources/main.yaml", "    connector: sql\n", "").edit(
        "sources/main.yaml", "    max_rows: 1000\n", "    max_rows: 1000\n    connector: sql\n"
    )
    other.environ = {"CRM_SECRET": "another", "WAREHOUSE_URL": "sqlite:///other.db"}
    assert other.load().version == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("okrs/2013-q2.yaml", "{from: 15, to: 10}", "{from: 15, to: 11}"),
        ("okrs/2013-q2.yaml", "weight: 2\n", "weight: 3\n"),
        ("metrics/main.yaml", "between: [-60, 300]", "between: [-60, 301]"),
        ("metrics/main.yaml", "GROUP BY 1, 2", "GROUP BY 1,  2"),
        ("sources/main.yaml", "max_rows: 1000", "max_rows: 1001"),
        ("project.yaml", "monday", "sunday"),
    ],
)
def test_every_change_of_meaning_changes_the_version(editor, new_editor, file, old, new):
    assert new_editor().edit(file, old, new).load().version != editor.load().version


def test_nothing_of_the_environment_is_written_down(editor):
    editor.environ["WAREHOUSE_URL"] = "postgresql://okr:canary-of-the-address@db/okr"
    text = dump(editor.load())
    assert "canary" not in text
    assert "${CRM_SECRET}" in text


def test_a_text_that_is_no_configuration_is_refused():
    with pytest.raises(ValueError, match="project"):
        restore("{}")
