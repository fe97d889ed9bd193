"""Imported by the fork server alone, so that the processes it starts need not import anything.

Belongs here: one whole `okr run` on a project that is then thrown away, because much is imported only when it is used.
Does not: anything that a started process relies on.
"""

import contextlib
import gc
import io
import os
import sys
import tempfile
from pathlib import Path

from okr_pipeline.cli import main
from okr_pipeline_tests.durability import tasks  # noqa: F401 - so that it is there
from okr_pipeline_tests.projects import Small, january


def _run_once(directory: Path) -> None:
    store_url = f"sqlite:///{directory}/.okr/okr.db"
    Small(directory, store_url).write(january())
    sys.argv = ["okr", "run", "--config", str(directory / "config"), "--store", store_url]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main()


os.environ.pop("DAGSTER_HOME", None)
os.environ.pop("OKR_CONFIG", None)
with tempfile.TemporaryDirectory(prefix="okr-warm-") as place:
    _run_once(Path(place))
# What is here now stays, and a process need not look through it, which would copy every page of it; nor, often, through
# what it makes itself, as the tests' own process need not.
gc.collect()
gc.freeze()
gc.set_threshold(200_000)
