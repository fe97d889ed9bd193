"""Every shipped connector keeps the contract."""

import pytest

from okr_pipeline_tests.connectors import subjects
from okr_pipeline_tests.connectors.conformance import Conformance
from okr_pipeline_tests.connectors.files import subjects as files_subjects
from okr_pipeline_tests.connectors.sql import warehouses


class TestSqlite(Conformance):
    subject = subjects.SqliteSubject


class TestDuckDb(Conformance):
    subject = subjects.DuckDbSubject


@pytest.mark.postgres
class TestPostgres(Conformance):
    subject = subjects.PostgresSubject


@pytest.mark.mysql
class TestMySql(Conformance):
    subject = subjects.MySqlSubject


class TestSnowflake(Conformance):
    subject = warehouses.SnowflakeSubject


class TestBigQuery(Conformance):
    subject = warehouses.BigQuerySubject


@pytest.mark.postgres
class TestRedshift(Conformance):
    subject = warehouses.RedshiftSubject


class TestTrino(Conformance):
    subject = warehouses.TrinoSubject


class TestCsv(Conformance):
    subject = subjects.CsvSubject


class TestParquet(Conformance):
    subject = subjects.ParquetSubject


class TestExcel(Conformance):
    subject = subjects.ExcelSubject


class TestJson(Conformance):
    subject = subjects.JsonSubject


class TestJsonLines(Conformance):
    subject = subjects.JsonLinesSubject


class TestFrameOfAsset(Conformance):
    subject = subjects.FrameSubject


class TestArrowOfAsset(Conformance):
    subject = subjects.ArrowSubject


class TestS3(Conformance):
    subject = files_subjects.S3Subject


class TestGoogleCloudStorage(Conformance):
    subject = files_subjects.GcsSubject


class TestRest(Conformance):
    subject = subjects.RestSubject
