"""What vendors' sources call the keys of their logins, so that an error names what people have written."""

import pytest

from connectors.catalogue import load_connectors
from connectors.errors import source_key

SECRET = source_key("auth")
TOKENS = source_key("auth", "token_url")
SALESFORCE = {"base_url": "https://shop.my.salesforce.com", "client_id": "okr"}


@pytest.mark.parametrize(
    ("connector", "keys", "named", "written"),
    [
        ("hubspot", {"token": "x"}, SECRET, "token"),
        ("github", {"token": "x"}, SECRET, "token"),
        ("stripe", {"key": "x"}, SECRET, "key"),
        ("jira", {"base_url": "https://a.atlassian.net", "email": "a@b.example", "token": "x"}, SECRET, "token"),
        ("cube", {"base_url": "https://cube.example", "token": "x"}, SECRET, "token"),
        ("salesforce", {**SALESFORCE, "client_secret": "x"}, SECRET, "client_secret"),
        ("salesforce", {**SALESFORCE, "client_secret": "x", "refresh_token": "y"}, SECRET, "refresh_token"),
        ("salesforce", {**SALESFORCE, "username": "u", "private_key_file": "k.pem"}, SECRET, "private_key_file"),
        ("salesforce", {**SALESFORCE, "client_secret": "x"}, TOKENS, "base_url"),
        ("google_sheets", {"spreadsheet": "1" * 30, "key_file": "k.json"}, SECRET, "key_file"),
        ("google_sheets", {"spreadsheet": "1" * 30, "key": "{}"}, TOKENS, "key"),
    ],
)
def test_the_key_of_a_login_is_the_one_that_is_written(connector, keys, named, written):
    settings = load_connectors()[connector].describe().settings(**keys)
    assert settings.written(named) == source_key(written)


@pytest.mark.parametrize(
    ("connector", "keys"),
    [
        ("prometheus", {"base_url": "https://p.example", "auth": {"bearer": "x"}}),
        ("prometheus", {"base_url": "https://p.example"}),
        ("cube", {"base_url": "https://cube.example"}),
    ],
)
def test_where_there_is_auth_or_no_login_its_key_stays(connector, keys):
    settings = load_connectors()[connector].describe().settings(**keys)
    assert settings.written(SECRET) == SECRET


def test_keys_of_something_else_stay():
    settings = load_connectors()["stripe"].describe().settings(key="x")
    assert settings.written(source_key("max_rows")) == source_key("max_rows")
