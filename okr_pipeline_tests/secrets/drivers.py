"""Logins to warehouses and buckets, by the drivers that people use, to servers that say every login back.

Belongs here: the sources and their variables. Does not: the secrets themselves (canaries), what databases are told
(planting).
"""

import base64
import json
from collections.abc import Mapping

from okr_pipeline_tests.connectors.http.keys import key_pair
from okr_pipeline_tests.secrets.canaries import CANARIES, encoded

WAREHOUSES = (
    "snowflake",
    "snowflake_key",
    "redshift",
    "trino",
    "trino_token",
    "clickhouse",
    "databricks",
    "bigquery",
    "bigquery_key",
)
LOUD = ("snowflake", "clickhouse", "bigquery", "s3", "azure_signature")
"""Those whose servers say back what they were told; the others' are refused before, or nobody listens."""


SNOWFLAKE_KEY = "keys/snowflake.p8"
"""A file of each project, which holds no key."""


def variables(api: str, port: int) -> Mapping[str, str]:
    """What the sources below need. At `api` an EchoServer answers, on the port a LoudServer."""
    host = api.removeprefix("http://")
    return {
        "SNOWFLAKE": f"snowflake://okr:{encoded(CANARIES['snowflake'])}@{host}/shop/public?account=shop&protocol=http",
        "SNOWFLAKE_KEY": f"snowflake://okr@{host}/shop/public?account=shop&protocol=http&private_key_file={SNOWFLAKE_KEY}"
        f"&private_key_file_pwd={encoded(CANARIES['snowflake passphrase'])}",
        "REDSHIFT": f"redshift://okr:{encoded(CANARIES['redshift'])}@127.0.0.1:{port}/okr?sslmode=prefer",
        "TRINO": f"trino://okr:{encoded(CANARIES['trino'])}@127.0.0.1:1/shop/public?http_scheme=https",
        "TRINO_TOKEN": f"trino://okr@{host}/shop/public?access_token={encoded(CANARIES['trino token'])}",
        "CLICKHOUSE": f"clickhousedb://okr:{encoded(CANARIES['clickhouse'])}@{host}/shop",
        # There is no port in its addresses. Where nobody listens on this one, it tries again.
        "DATABRICKS": f"databricks://token:{encoded(CANARIES['databricks'])}@127.0.0.1?http_path=/sql/1.0/warehouses/1",
        "BIGQUERY": f"bigquery://project/shop?credentials_base64={_in_url(key_pair().key_file(f'{api}/error'))}",
        "BIGQUERY_KEY": f"bigquery://project/shop?credentials_base64={_in_url(_malformed('bigquery'))}",
        "S3_SECRET": CANARIES["s3 secret"],
        "S3_SESSION": CANARIES["s3 session"],
        "GCS_KEY": _malformed("gcs"),
        "GCS_TEXT": CANARIES["gcs text"],
        "AZURE_KEY": CANARIES["azure key"],
        "AZURE_BAD_KEY": CANARIES["azure bad key"],
        "AZURE_SIGNATURE": f"sv=2026-01-01&sp=rl&sig={encoded(CANARIES['azure signature'])}",
        "BUCKETS": api,
    }


def sources() -> Mapping[str, str]:
    """Each as YAML."""
    warehouses = {name: f"{{connector: sql, url: '${{{name.upper()}}}', statement_timeout: 1s}}" for name in WAREHOUSES}
    azure = "path: 'abfs://shop/daily', azure: {account_name: shop, endpoint_url: '${BUCKETS}'"
    keys = {
        "s3": "path: 's3://shop/daily', s3: {endpoint_url: '${BUCKETS}', access_key_id: okr,"
        " secret_access_key: '${S3_SECRET}', session_token: '${S3_SESSION}'}",
        "gcs": "path: 'gs://shop/daily', gcs: {endpoint_url: '${BUCKETS}', service_account_key: '${GCS_KEY}'}",
        "gcs_text": "path: 'gs://shop/daily', gcs: {endpoint_url: '${BUCKETS}', service_account_key: '${GCS_TEXT}'}",
        "azure_key": f"{azure}, account_key: '${{AZURE_KEY}}'}}",
        "azure_bad_key": f"{azure}, account_key: '${{AZURE_BAD_KEY}}'}}",
        "azure_signature": f"{azure}, sas_token: '${{AZURE_SIGNATURE}}'}}",
    }
    return warehouses | {name: f"{{connector: files, allow_private_hosts: true, {key}}}" for name, key in keys.items()}


def malformed_pem(name: str) -> str:
    """A private key that is none."""
    return f"-----BEGIN PRIVATE KEY-----\n{CANARIES[f'{name} private key']}\n-----END PRIVATE KEY-----\n"


def _malformed(name: str) -> str:
    """The file of a key whose private key is none."""
    key = json.loads(key_pair().key_file("http://127.0.0.1:1/token"))
    return json.dumps({**key, "private_key": malformed_pem(name)})


def _in_url(text: str) -> str:
    return encoded(base64.b64encode(text.encode()).decode())
