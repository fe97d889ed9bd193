"""Buckets of files as subjects of the conformance suite."""

import json
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import pandas as pd
import pytest

from connectors.contract import Context, MetricRequest, Source
from connectors.files import CONNECTOR as FILES
from connectors.files import FilesRequest, FilesSettings
from okr_pipeline_tests.connectors.conformance import FACTS, SECRET, ZONE, Fact


class BucketSubject:
    """A CSV file of facts in a new bucket."""

    connector = FILES
    facts = FACTS
    scheme: ClassVar[str]
    key = "daily/facts.csv"

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.directory: Path = request.getfixturevalue("tmp_path")
        self.bucket = f"bucket-{uuid4().hex}"
        self.make_bucket(request)

    def make_bucket(self, request: pytest.FixtureRequest) -> None:
        raise NotImplementedError

    def put(self, key: str, content: bytes) -> None:
        raise NotImplementedError

    @property
    def login(self) -> dict[str, object]:
        """The keys of a source that lead to the bucket."""
        raise NotImplementedError

    def write(self, facts: Sequence[Fact]) -> None:
        rows = [(fact.day, fact.team, fact.amount) for fact in facts]
        frame = pd.DataFrame(rows, columns=["day", "team", "amount"])
        self.put(self.key, frame.to_csv(index=False).encode())

    def open(self, path: str = "daily", **settings: object) -> Source:
        given = {"path": f"{self.scheme}://{self.bucket}/{path}", "allow_private_hosts": True, **self.login, **settings}
        return FILES.open(FilesSettings(**given), Context(self.directory, self.directory))

    def request(self, metric: str, **options: object) -> MetricRequest:
        keys = {"file": "facts.csv", "columns": {"period": "day", "value": "amount"}, **options}
        return MetricRequest(metric, "day", ZONE, ("team",), FilesRequest(**keys))

    def broken_request(self, metric: str) -> MetricRequest:
        return self.request(metric, file="fcats.csv")


class S3Subject(BucketSubject):
    """On Moto, as a login that may only list and read."""

    scheme = "s3"

    def make_bucket(self, request):
        self.server = request.getfixturevalue("s3_server")
        self.client = self.server.client()
        self.client.create_bucket(Bucket=self.bucket)

    def put(self, key, content):
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content)

    @property
    def login(self):
        return self.login_of(self.server.reader.id, self.server.reader.secret)

    def login_of(self, name: str, secret: str) -> dict[str, object]:
        return {"s3": {"access_key_id": name, "secret_access_key": secret, "endpoint_url": self.server.url}}

    def open_badly(self):
        return self.open(**self.login_of(self.server.reader.id, SECRET))


class GcsSubject(BucketSubject):
    """On an emulator that asks for no login; what can be bad of it is the place."""

    scheme = "gs"

    def make_bucket(self, request):
        self.url = request.getfixturevalue("gcs_server")
        self._post("/storage/v1/b?project=shop", json.dumps({"name": self.bucket}).encode(), "application/json")

    def put(self, key, content):
        self._post(f"/upload/storage/v1/b/{self.bucket}/o?uploadType=media&name={key}", content, "text/csv")

    @property
    def login(self):
        return {"gcs": {"anonymous": True, "endpoint_url": self.url}}

    def open_badly(self):
        return self.open(path="nowhere")

    def _post(self, target: str, body: bytes, kind: str) -> None:
        asking = urllib.request.Request(f"{self.url}{target}", data=body, headers={"Content-Type": kind}, method="POST")
        urllib.request.urlopen(asking, timeout=10).close()
