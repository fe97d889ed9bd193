"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

ConfigDir = Annotated[Path, typer.Option("--config", help="The directory of the configuration.", envvar="OKR_CONFIG")]
StoreUrl = Annotated[
    str | None, typer.Option("--store", help="The store's URL, instead of the project's.", show_default=False)
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="The date (its end) or instant to speak about.", metavar="T", show_default=False),
]
KnownAt = Annotated[
    str | None,
    typer.Option("--known-at", help="Only what had been recorded by then.", metavar="T", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

CONFIG = Path("config")
