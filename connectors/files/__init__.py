"""The `files` connector: metrics read from CSV, Parquet, Excel and JSON files of one directory.

Belongs here: its settings, request keys and description. Does not: which file is meant and whether it may be read
(`source`), or one format (`formats`).
"""

from typing import Final, cast

from pydantic import BaseModel, ConfigDict, Field

from connectors.columns import Columns
from connectors.contract import Context, Description, Source


class FilesSettings(BaseModel):
    """The keys of a `files` source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(min_length=1, description="The directory of the files, relative to the config directory.")
    max_bytes: int = Field(
        default=256 * 1024 * 1024, ge=1, description="A larger file, or one that unpacks to more, is an error."
    )
    max_rows: int = Field(default=1_000_000, ge=1, description="A file of more rows is an error; nothing is cut off.")
    concurrency: int = Field(default=4, ge=1, le=64, description="How many files are read at a time.")


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
            summary="CSV, Parquet, Excel and JSON files of a directory, read whole",
            settings=FilesSettings,
            request=FilesRequest,
            history=True,
            additivity=("additive", "distinct", "ratio", "snapshot"),
            tested_against=("CSV", "Parquet", "Excel (.xlsx)", "JSON records", "JSON lines"),
        )
        return cast("Description[BaseModel, BaseModel]", description)

    def open(self, settings: BaseModel, context: Context) -> Source:
        """A source over the directory; nothing is read yet.

        Raises:
            ConfigError: the path is relative and leads out of the config directory.
        """
        from connectors.files.source import open_source

        return open_source(cast("FilesSettings", settings), context)


CONNECTOR: Final = FilesConnector()
