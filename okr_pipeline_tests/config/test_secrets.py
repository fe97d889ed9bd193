"""No value of a source's settings is ever printed, whatever is wrong with it."""

import pytest

SETTINGS = [
    "client_secret: {canary}",
    "client_secret: [{canary}]",
    "client_secret: {{a: {canary}}}",
    "client_secret: ${{CRM_SECRET:-{canary}}}",
    "client_secret: ${{{canary}",
    "client_secrets: {canary}",
    "instance: {canary}",
    "instance: https://user:{canary}@acme.example",
    "instance: http://{canary}.example",
    "retries: {canary}",
    "retries: [{canary}]",
    "connector: [{canary}]",
    "{canary}",
    "'{canary}",
    "- {canary}",
    "&{canary}",
    "!{canary} x",
    "client_secret: {canary}: {canary}",
    "client_secret: !{canary} x",
    "client_secret: !{canary}",
    "client_secret: *{canary}",
    "client_secret: @{canary}",
    "client_secret: '{canary}",
    "client_secret: {{{canary}",
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_message_about_a_source_holds_a_value(editor, setting):
    canary = "canary0in0clear"
    editor.environ = {"CRM_SECRET": "canary-of-the-environment", "WAREHOUSE_URL": "oracle://u:canary-of-the-address@db"}
    editor.edit("sources/main.yaml", "    client_secret: ${CRM_SECRET}", f"    {setting.format(canary=canary)}")
    problems = editor.problems()
    assert problems
    keys_only = [text for text in problems if f"{canary} is not a known key" not in text]
    assert not any(word in text for word in (canary, "canary-of-the") for text in keys_only)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  crm:\n    connector: crm\n", "  crm: postgresql://okr:canary0in0clear@db\n"),
        ("sources:\n", "sources: canary0in0clear\nx:\n"),
        ("${CRM_SECRET}", "9876543210987654321098765432"),
        ("${CRM_SECRET}", "987654321"),
        ("${CRM_SECRET}", "1e987654321"),
    ],
)
def test_no_message_about_a_file_of_sources_holds_a_value(editor, old, new):
    problems = editor.edit("sources/main.yaml", old, new).problems()
    assert problems
    assert not any(canary in text for canary in ("canary0in0clear", "987654321") for text in problems)
