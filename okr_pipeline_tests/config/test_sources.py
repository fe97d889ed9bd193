"""What can be wrong with a source, and exactly what is said about it."""

from typing import Final

import pytest

SOURCES: Final = "sources/main.yaml"

CASES: Final = {
    "the id of surveys' source": (
        SOURCES,
        "  sheets: {connector: files, path: data/}\n",
        "  sheets: {connector: files, path: data/}\n  check_ins: {connector: files, path: data/}\n",
        "sources/main.yaml:7:3: source 'check_ins' is no free id. It is the source of surveys: answers are kept under it. Rename the source.",
    ),
    "unknown connector": (
        SOURCES,
        "connector: sql",
        "connector: sqll",
        "sources/main.yaml:3:16: source 'warehouse': connector: there is no connector 'sqll'. A connector says how a source is read. Did you mean 'sql'?",
    ),
    "missing connector": (
        SOURCES,
        "    connector: sql\n",
        "",
        "sources/main.yaml:2:3: source 'warehouse' has no 'connector'. How it is read; `okr connectors list` names them. Add 'connector: sql'.",
    ),
    "unknown setting": (
        SOURCES,
        "max_rows: 1000",
        "maxrows: 1000",
        "sources/main.yaml:5:5: source 'warehouse': maxrows is not a known key. Unknown keys are refused, so that no misspelt one is passed over. Did you mean 'max_rows'?",
    ),
    "missing setting": (
        SOURCES,
        "    url: ${WAREHOUSE_URL:-duckdb:///.okr/flights.duckdb}\n",
        "",
        "sources/main.yaml:2:3: source 'warehouse' has no 'url'. Where the database is. Add 'url: …'.",
    ),
    "bad setting": (
        SOURCES,
        "max_rows: 1000",
        "max_rows: many-canary",
        "sources/main.yaml:5:15: source 'warehouse': max_rows: its value is not a whole number. Most rows of one query. Write it as in 100, or leave it out.",
    ),
    "setting out of bounds": (
        SOURCES,
        "max_rows: 1000",
        "max_rows: 0",
        "sources/main.yaml:5:15: source 'warehouse': max_rows: its value is not at least 1. Most rows of one query. Write a number at least 1.",
    ),
    "variable not set": (
        SOURCES,
        "${WAREHOUSE_URL:-duckdb:///.okr/flights.duckdb}",
        "${WAREHOUSE_URL}",
        "sources/main.yaml:4:10: source 'warehouse': url: environment variable WAREHOUSE_URL is not set. The text it stands in cannot be completed without it. Set WAREHOUSE_URL.",
    ),
    "variable written wrongly": (
        SOURCES,
        "${CRM_SECRET}",
        "${CRM_SECRET",
        "sources/main.yaml:10:20: source 'crm': client_secret: a variable is written wrongly. A variable is ${NAME} or ${NAME:-default}, the name of at most 100 letters, digits and '_'. Close it with '}' and do not nest one in another.",
    ),
    "variable nested": (
        SOURCES,
        "${CRM_SECRET}",
        "${CRM_SECRET:-${OTHER}}",
        "sources/main.yaml:10:20: source 'crm': client_secret: a variable is written wrongly. A variable is ${NAME} or ${NAME:-default}, the name of at most 100 letters, digits and '_'. Close it with '}' and do not nest one in another.",
    ),
    "variable with a bad name": (
        SOURCES,
        "${CRM_SECRET}",
        "${CRM-SECRET}",
        "sources/main.yaml:10:20: source 'crm': client_secret: a variable is written wrongly. A variable is ${NAME} or ${NAME:-default}, the name of at most 100 letters, digits and '_'. Close it with '}' and do not nest one in another.",
    ),
    "secret in clear": (
        SOURCES,
        "${CRM_SECRET}",
        "canary-1234",
        "sources/main.yaml:10:20: source 'crm': client_secret: a secret is written here in clear. Configuration is shared and kept; secrets belong in the environment. Put it in an environment variable and write ${CRM_CLIENT_SECRET} in its place.",
    ),
    "secret as default": (
        SOURCES,
        "${CRM_SECRET}",
        "${CRM_SECRET:-canary-1234}",
        "sources/main.yaml:10:20: source 'crm': client_secret: a secret is written here in clear. Configuration is shared and kept; secrets belong in the environment. Put it in an environment variable and write ${CRM_CLIENT_SECRET} in its place.",
    ),
    "password in an address": (
        SOURCES,
        "${WAREHOUSE_URL:-duckdb:///.okr/flights.duckdb}",
        "postgresql://okr:canary@db/okr",
        "sources/main.yaml:4:10: source 'warehouse': url: a secret is written here in clear. Configuration is shared and kept; secrets belong in the environment. Put it in an environment variable and write ${WAREHOUSE_URL} in its place.",
    ),
    "password in a default": (
        SOURCES,
        "${WAREHOUSE_URL:-duckdb:///.okr/flights.duckdb}",
        "${WAREHOUSE_URL:-postgresql://okr:canary@db/okr}",
        "sources/main.yaml:4:10: source 'warehouse': url: a secret is written here in clear. Configuration is shared and kept; secrets belong in the environment. Put it in an environment variable and write ${WAREHOUSE_URL} in its place.",
    ),
    "password in a plain setting": (
        SOURCES,
        "https://acme.example",
        "https://u:canary@acme.example",
        "sources/main.yaml:9:15: source 'crm': instance: a secret is written here in clear. Configuration is shared and kept; secrets belong in the environment. Put it in an environment variable and write ${CRM_INSTANCE} in its place.",
    ),
    "connector's message with a secret": (
        SOURCES,
        "https://acme.example",
        "http://acme.example",
        "sources/main.yaml:7:3: source 'crm': the settings cannot be used. Correct it.",
    ),
    "connector's message without one": (
        SOURCES,
        "https://acme.example",
        "http://quiet.example",
        "sources/main.yaml:7:3: source 'crm': the settings cannot be used. Use encryption. Correct it.",
    ),
    "source is a text": (
        SOURCES,
        "  sheets: {connector: files, path: data/}",
        "  sheets: files",
        "sources/main.yaml:6:11: source 'sheets': a text is not a mapping. Here stand the keys of a source. Write 'key: value' lines, indented.",
    ),
    "source id": (
        SOURCES,
        "  sheets:",
        "  she ets:",
        "metrics/main.yaml:48:13: metric 'signups': source: there is no source 'sheets'. A metric is read from a source. Did you mean 'she ets'?",
        "sources/main.yaml:6:3: source 'she ets': 'she ets' is not an id. Ids become names of assets, columns and links: letters, digits, '_', '.' and '-', at most 100. Write 'she-ets'.",
    ),
    "sources is a list": (
        SOURCES,
        "sources:\n",
        "sources: []\nother:\n",
        "sources/main.yaml:1:10: file: sources: a list is not a mapping. Here stand the keys of sources, each under its id. Write 'key: value' lines, indented.",
        "sources/main.yaml:2:1: file: other is not a known key. Unknown keys are refused, so that no misspelt one is passed over. Known keys: sources.",
    ),
    "secret that YAML reads as a number": (
        SOURCES,
        "${CRM_SECRET}",
        "1234",
        "sources/main.yaml:10:20: source 'crm': client_secret: a secret is written here in clear. Configuration is shared and kept; secrets belong in the environment. Put it in an environment variable and write ${CRM_CLIENT_SECRET} in its place.",
        "sources/main.yaml:10:20: source 'crm': client_secret: its value is not text. Correct it.",
    ),
}
"""Name → file, what stands there, what is written instead, and every message."""


@pytest.mark.parametrize(
    ("file", "old", "new", "messages"), [(*case[:3], case[3:]) for case in CASES.values()], ids=list(CASES)
)
def test_every_mistake_is_told_with_its_place_and_its_remedy(editor, file, old, new, messages):
    assert editor.edit(file, old, new).problems() == list(messages)
