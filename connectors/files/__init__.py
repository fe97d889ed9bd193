"""The `files` connector: metrics read from CSV, Parquet, Excel and JSON files of one directory or bucket.

Belongs here: its settings, request keys and description. Does not: which file is meant and whether it may be read
(`folders`, `buckets`), or one format (`formats`).
"""

from datetime import timedelta
from typing import Final, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.columns import Columns
from connectors.contract import Context, Description, Source
from connectors.durations import Duration
from connectors.files.logins import AzureLogin, GcsLogin, S3Login

SCHEMES: Final = {"s3": "s3", "gs": "gcs", "gcs": "gcs", "abfs": "azure", "abfss": "azure", "az": "azure"}
"""What a path in a bucket begins with, and whose keys and extra it takes."""


class FilesSettings(BaseModel):
    """The keys of a `files` source."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    path: str = Field(
        min_length=1,
        description="The directory of the files, relative to the config directory; or a bucket and what the names in"
        " it begin with: s3://bucket/daily, gs://bucket/daily, abfs://container/daily.",
    )
    s3: S3Login | None = Field(default=None, description="The login to S3; left out, AWS's own chain finds one.")
    gcs: GcsLogin | None = Field(
        default=None, description="The login to Google Cloud Storage; left out, Google's own chain finds one."
    )
    azure: AzureLogin | None = Field(default=None, description="The account in Azure Blob Storage, and its login.")
    max_bytes: int = Field(
        default=256 * 1024 * 1024, ge=1, description="A larger file, or one that unpacks to more, is an error."
    )
    max_rows: int = Field(default=1_000_000, ge=1, description="A file of more rows is an error; nothing is cut off.")
    concurrency: int = Field(default=4, ge=1, le=64, description="How many files are read at a time.")
    request_timeout: Duration = Field(
        default=timedelta(minutes=2), description="A file of a bucket takes at most this long, tries included: 30s, 2m."
    )
    allow_private_hosts: bool = Field(
        default=False,
        description="Whether an endpoint_url may lead to addresses inside the network, and without https.",
    )

    @field_validator("path")
    @classmethod
    def _known(cls, path: str) -> str:
        scheme, separator, rest = path.partition("://")
        if separator and scheme not in SCHEMES:
            raise ValueError(f"a path begins with none of {', '.join(f'{name}://' for name in SCHEMES)}, or no ://")
        parts = rest.removesuffix("/").split("/")
        if separator and ({"", ".", ".."} & set(parts) or set("@?#") & set(rest)):
            raise ValueError(f"a path in a bucket is written {scheme}://bucket/daily, without a login, '..' or '//'")
        return path

    @model_validator(mode="after")
    def _of_one_provider(self) -> "FilesSettings":
        provider = SCHEMES.get(self.path.partition("://")[0])
        strangers = [name for name in ("s3", "gcs", "azure") if getattr(self, name) and name != provider]
        if strangers:
            raise ValueError(f"{strangers[0]} is the login to another place than path {self.path}")
        if provider == "azure" and self.azure is None:
            raise ValueError("a container is in a storage account, so it takes azure with account_name")
        endpoint = getattr(getattr(self, provider or "", None), "endpoint_url", None)
        if endpoint and endpoint.startswith("http://") and not self.allow_private_hosts:
            raise ValueError("without https everybody on the way reads along; allow_private_hosts permits it")
        return self


class FilesRequest(BaseModel):
    """The keys a metric of a `files` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(
        min_length=1, description="The file inside the source's path: .csv, .parquet, .xlsx, .json, .jsonl"
    )
    columns: Columns = Field(default_factory=dict)
    sheet: str | None = Field(default=None, description="The sheet of a workbook; the first one if left out.")


class FilesConnector:
    """Reads KPI values from files."""

    def describe(self) -> Description[BaseModel, BaseModel]:
        """Its settings, request keys and abilities."""
        description = Description(
            name="files",
            summary="CSV, Parquet, Excel and JSON files of a directory or of a bucket (S3, Google, Azure), read whole",
            settings=FilesSettings,
            request=FilesRequest,
            history=True,
            additivity=("additive", "distinct", "ratio", "snapshot"),
            tested_against=(
                "CSV",
                "Parquet",
                "Excel (.xlsx)",
                "JSON records",
                "JSON lines",
                "S3 as Moto serves it",
                "Google Cloud Storage as an emulator serves it",
            ),
            untested=("S3 and Google Cloud Storage themselves", "Azure Blob Storage (by hand on its emulator)"),
            in_legs=False,
        )
        return cast("Description[BaseModel, BaseModel]", description)

    def open(self, settings: BaseModel, context: Context) -> Source:
        """A source over the directory or bucket; nothing is read yet.

        Raises:
            ConfigError: the path is relative and leads out of the config directory, or what reads a bucket is missing.
        """
        from connectors.files.source import open_source

        return open_source(cast("FilesSettings", settings), context)


CONNECTOR: Final = FilesConnector()
