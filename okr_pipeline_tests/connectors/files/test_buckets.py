"""Files of buckets: on Moto, which proves signatures and asks policies, and on servers that misbehave."""

import hashlib
import io
import logging
import re
import sys
import urllib.error
import urllib.request

import pandas as pd
import pytest
from pydantic import ValidationError

from connectors.contract import Context, DataPointBatch, ReadFailure
from connectors.errors import AuthError, ConfigError, DataError, TransientError
from connectors.files import CONNECTOR, FilesSettings
from okr_pipeline_tests.connectors.conformance import FACTS, MARCH, SECRET
from okr_pipeline_tests.connectors.files.subjects import S3Subject
from okr_pipeline_tests.connectors.http.server import Reply, Seen, Server, reply

FACTORY = {"csv": "to_csv", "parquet": "to_parquet", "xlsx": "to_excel"}


@pytest.fixture
def place(request):
    made = S3Subject(request)
    made.write(FACTS)
    return made


def outcome(source, *requests):
    """Of one metric, and the connections given back."""
    try:
        [found] = source.read(requests, MARCH)
    finally:
        source.close()
    return found


def error_of(source, *requests):
    found = outcome(source, *requests)
    assert isinstance(found, ReadFailure), found
    return found.error


def test_evidence_names_the_object_and_its_state(place):
    content = place.client.get_object(Bucket=place.bucket, Key=place.key)["Body"].read()
    [proof] = outcome(place.open(), place.request("amount")).evidence.values()
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert proof.request == f"s3://{place.bucket}/daily/facts.csv, ETag {digest}"
    assert proof.whole


def test_a_new_state_is_the_same_request(place):
    [before] = outcome(place.open(), place.request("amount")).evidence.values()
    place.write(FACTS[1:])
    [after] = outcome(place.open(), place.request("amount")).evidence.values()
    assert before.fingerprint == after.fingerprint
    assert before.request != after.request


@pytest.mark.parametrize("kind", FACTORY)
def test_every_format_is_read_from_a_bucket(place, kind):
    frame = pd.DataFrame({"day": ["2013-03-09"], "team": ["north"], "amount": [4.5]})
    written = io.BytesIO()
    getattr(frame, FACTORY[kind])(written, index=False)
    place.put(f"daily/other.{kind}", written.getvalue())
    assert outcome(place.open(), place.request("m", file=f"other.{kind}")).points["value"].tolist() == [4.5]


def test_an_object_is_read_once_for_all_its_metrics(place):
    with Server(through(place)) as server:
        source = place.open(s3={**place.login["s3"], "endpoint_url": server.url})
        batches = list(
            source.read([place.request("a"), place.request("b", columns={"period": "day", "value": "amount"})], MARCH)
        )
        source.close()
    assert {metric for batch in batches for metric in batch.evidence} == {"a", "b"}
    assert [seen.method for seen in server.seen] == ["HEAD", "GET", "HEAD"]


def test_the_secret_is_in_no_request_no_log_and_no_text(place, caplog):
    secret = place.server.reader.secret
    with Server(through(place)) as server, caplog.at_level(logging.DEBUG):
        source = place.open(s3={**place.login["s3"], "endpoint_url": server.url})
        found = outcome(source, place.request("amount"))
    told = [repr(server.seen), caplog.text, repr(found), repr(source), repr(source.folder), repr(source.settings)]
    assert not [text for text in told if secret in text]


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"file": "fatcs.csv"}, ConfigError, r"There is no object s3://[^ ]+/daily/fatcs.csv. Did you mean facts.csv"),
        ({"file": "../outside.csv"}, ConfigError, "no name inside s3://[^ ]+/daily"),
        ({"file": "/outside.csv"}, ConfigError, "no name inside"),
        ({"file": "below//facts.csv"}, ConfigError, "no name inside"),
        ({"file": "facts.csv?versionId=1.csv"}, ConfigError, "no name inside"),
        ({"file": "facts.txt"}, ConfigError, "no known format"),
        ({"file": "*.csv"}, ConfigError, r"There is no object s3://[^ ]+/daily/\*.csv"),
        ({"file": "empty.csv"}, DataError, "It is empty"),
        ({"columns": {"period": "day", "value": "amuont"}}, Exception, "File s3://[^ ]+/daily/facts.csv: .*Did you mean amount"),
    ],
)  # fmt: skip
def test_what_is_set_up_wrongly_is_told_with_the_metric(place, options, kind, message):
    place.put("daily/empty.csv", b"")
    place.put("outside.csv", b"day,team,amount\n2013-03-09,north,1\n")
    error = error_of(place.open(), place.request("m", **options))
    assert isinstance(error, kind)
    assert str(error).startswith("Metric m: ")
    assert re.search(message, str(error))


def test_an_object_over_the_cap_is_not_fetched(place):
    with Server(through(place)) as server:
        source = place.open(max_bytes=10, s3={**place.login["s3"], "endpoint_url": server.url})
        error = error_of(source, place.request("m"))
    assert isinstance(error, DataError)
    assert "max_bytes" in str(error)
    assert [seen.method for seen in server.seen] == ["HEAD"]


@pytest.mark.parametrize("moment", [1, 2], ids=["before it is fetched", "after it was fetched"])
def test_an_object_that_is_replaced_while_it_is_read_is_not_used(place, moment):
    def replacing(seen: Seen) -> Reply:
        answer = through(place)(seen)
        if len(server.seen) == moment:
            place.write(FACTS[2:])
        return answer

    with Server(replacing) as server:
        error = error_of(place.open(s3={**place.login["s3"], "endpoint_url": server.url}), place.request("m"))
    assert isinstance(error, DataError)
    assert "changed while it was read" in str(error)


@pytest.mark.parametrize(
    ("actions", "problem"),
    [
        ([], "S3 says: Forbidden. Check the login of the source"),
        (["s3:ListBucket"], "Check the login of the source"),
    ],
)
def test_a_login_that_may_not_read_is_told(place, actions, problem):
    key = place.server.stranger(*(actions or ["s3:CreateBucket"]))
    error = error_of(place.open(**place.login_of(key.id, key.secret)), place.request("m"))
    assert isinstance(error, AuthError)
    assert problem in str(error)


def test_a_login_that_may_read_need_not_list(place):
    key = place.server.stranger("s3:GetObject")
    assert isinstance(outcome(place.open(**place.login_of(key.id, key.secret)), place.request("m")), DataPointBatch)


@pytest.mark.parametrize(
    ("name", "secret"), [("nobody-of-that-name", SECRET), (None, SECRET)], ids=["an unknown key", "a wrong secret"]
)
def test_a_login_that_is_none_is_told_without_its_secret(place, name, secret):
    source = place.open(**place.login_of(name or place.server.reader.id, secret))
    with pytest.raises(AuthError, match=r"S3 says: .*Check the login") as caught:
        source.check()
    source.close()
    assert secret not in str(caught.value)


def test_a_missing_bucket_is_told(place):
    place.bucket = "bucket-that-is-not-there"
    source = place.open()
    with pytest.raises(ConfigError, match=r"There is no bucket s3://bucket-that-is-not-there\. Correct path"):
        source.check()
    assert "There is no" in str(error_of(source, place.request("m")))


def test_a_prefix_without_objects_is_told(place):
    source = place.open(path="dialy")
    with pytest.raises(ConfigError, match="begins with dialy"):
        source.check()
    source.close()


def test_without_a_key_the_chain_of_the_provider_finds_one(place, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", place.server.reader.id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", place.server.reader.secret)
    found = outcome(place.open(s3={"endpoint_url": place.server.url, "region": "us-east-1"}), place.request("m"))
    assert isinstance(found, DataPointBatch)


def test_no_login_at_all_is_told(place, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(place.directory / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(place.directory / "none"))
    error = error_of(place.open(s3={"endpoint_url": place.server.url}), place.request("m"))
    assert isinstance(error, AuthError)


def test_a_server_that_does_not_answer_is_left_by_the_deadline(place):
    with Server(lambda seen: Reply([b" "] * 10_000, slow=True)) as server:
        source = place.open(request_timeout="300ms", s3={**place.login["s3"], "endpoint_url": server.url})
        error = error_of(source, place.request("m"))
    assert isinstance(error, TransientError)
    assert "longer than request_timeout" in str(error)


def test_a_place_that_is_away_is_told_as_such(place):
    with Server(lambda seen: reply()) as gone:
        url = gone.url
    error = error_of(place.open(s3={**place.login["s3"], "endpoint_url": url}), place.request("m"))
    assert isinstance(error, TransientError)
    assert "can be reached" in str(error)


def test_an_endpoint_inside_the_network_is_refused_unless_it_is_allowed(place):
    with Server(lambda seen: reply()) as server:
        login = {
            "access_key_id": "reader",
            "secret_access_key": SECRET,
            "endpoint_url": server.url.replace("http", "https"),
        }
        error = error_of(place.open(s3=login, allow_private_hosts=False), place.request("m"))
    assert isinstance(error, ConfigError)
    assert (
        "127.0.0.1, an address inside the network. Correct endpoint_url of the source, or set allow_private_hosts"
        in str(error)
    )
    assert server.seen == []


@pytest.mark.parametrize(
    "key", ["hunter2", '"hunter2"', '{"type": "hunter2"}', '{"type": "service_account", "private_key": "hunter2"}']
)
def test_a_key_that_cannot_be_read_is_told_without_it(tmp_path, key):
    settings = FilesSettings(path="gs://shop/daily", gcs={"service_account_key": key})
    source = CONNECTOR.open(settings, Context(tmp_path, tmp_path))
    with pytest.raises(ConfigError, match="the whole text of the key's file") as caught:
        source.check()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("package", "path", "extra", "more"),
    [
        ("s3fs", "s3://b/p", "s3", {}),
        ("gcsfs.core", "gs://b", "gcs", {}),
        ("adlfs", "abfs://c/p", "azure", {"azure": {"account_name": "shop"}}),
    ],
)
def test_a_missing_package_is_told_with_how_to_install_it(tmp_path, monkeypatch, package, path, extra, more):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=re.escape(f"Install it: pip install 'okr-pipeline[{extra}]'")):
        CONNECTOR.open(FilesSettings(path=path, **more), Context(tmp_path, tmp_path))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"path": "ftp://host/daily"}, "none of s3://"),
        ({"path": "https://host/daily"}, "none of s3://"),
        ({"path": "s3://"}, "is written s3://bucket/daily"),
        ({"path": "s3://key:secret@bucket"}, "without a login"),
        ({"path": "s3://bucket/../other"}, "without a login"),
        ({"path": "s3://bucket//daily"}, "without a login"),
        ({"path": "s3://bucket", "gcs": {}}, "gcs is the login to another place"),
        ({"path": "data", "s3": {}}, "s3 is the login to another place"),
        ({"path": "abfs://container"}, "takes azure with account_name"),
        ({"path": "s3://bucket", "s3": {"endpoint_url": "http://minio.shop.example"}}, "without https"),
        ({"path": "s3://bucket", "s3": {"access_key_id": "a"}}, "both or neither"),
        ({"path": "s3://bucket", "s3": {"profile": "a", "anonymous": True}}, "one way"),
        ({"path": "abfs://c", "azure": {"account_name": "a", "client_id": "b"}}, "all three"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(settings, message):
    with pytest.raises(ValidationError, match=re.escape(message)):
        FilesSettings(**settings)


ACCOUNT_KEY = "aHVudGVyMi1ub3QtdG8tYmUtc2hvd24="


@pytest.mark.parametrize(
    ("login", "secret"),
    [({"account_key": ACCOUNT_KEY}, ACCOUNT_KEY), ({"sas_token": f"sv=2026-01-01&sig={SECRET}"}, SECRET)],
    ids=["key", "signature"],
)
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(403, "AuthenticationFailed", AuthError), (400, "InvalidUri", ConfigError), (404, "ContainerNotFound", ConfigError)],
)  # fmt: skip
def test_what_azure_refuses_is_told_in_our_words(tmp_path, login, secret, status, code, kind):
    """Azure's own client against answers of the documented shape; no service stood in."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No to {secret}.</Message></Error>".encode()
    headers = {"x-ms-error-code": code, "Content-Type": "application/xml"}
    with Server(lambda seen: reply(status, body, headers)) as server:
        keys = {"account_name": "shop", "endpoint_url": server.url, **login}
        settings = FilesSettings(path="abfs://container/daily", azure=keys, allow_private_hosts=True)
        source = CONNECTOR.open(settings, Context(tmp_path, tmp_path))
        with pytest.raises(kind, match=r"Azure says: No to \*\*\*") as caught:
            source.check()
        source.close()
    assert secret not in str(caught.value)
    assert server.seen[0].path == "/container"


def through(place):
    """Hands requests on to Moto as they are, signature and all."""

    def forward(seen: Seen) -> Reply:
        asking = urllib.request.Request(
            f"{place.server.url}{seen.target}", headers=dict(seen.headers), method=seen.method
        )
        try:
            with urllib.request.urlopen(asking, timeout=10) as answered:
                status, headers, body = answered.status, dict(answered.headers), answered.read()
        except urllib.error.HTTPError as refused:
            status, headers, body = refused.code, dict(refused.headers), refused.read()
        kept = {name: value for name, value in headers.items() if name.lower() not in {"connection", "content-length"}}
        length = headers.get("Content-Length", len(body))
        return reply(status, body, {**kept, "Content-Length": length})

    return forward
