"""Which parts of a source's settings are secret."""

import pytest

from connectors.rest import RestRequest, RestSettings
from okr_pipeline.config.sources import ConnectorSchema, secrets_of_source
from okr_pipeline.model.metric import Source

SCHEMA = ConnectorSchema(RestSettings, RestRequest)
KEY_FILE = '{"client_email": "a@b", "token_uri": "https://oauth2.googleapis.com/token", "private_key": "MIIE"}'


@pytest.mark.parametrize(
    ("auth", "value", "secrets"),
    [
        ({"bearer": "${IT}"}, "s3cret", {"s3cret"}),
        ({"google_service_account": {"key": "${IT}", "scopes": ["https://a.example"]}}, KEY_FILE, {KEY_FILE}),
        ({"basic": {"username": "reader", "password": "${IT}"}}, "s3cret", {"s3cret"}),
        ({"bearer": "${IT}"}, "https://reader:s3cret@api.example/x", {"s3cret"}),
    ],
)
def test_a_secret_is_hidden_as_a_whole_and_of_an_address_its_login_alone(auth, value, secrets):
    source = Source("s", "rest", {"base_url": "https://api.example", "auth": auth})
    assert secrets_of_source(source, SCHEMA, {"IT": value}).values == secrets
