"""What reading commands cost in a project of a common size, beside what importing their libraries costs.

Run as `python benchmarks/starting.py`. The project is the example: thirty-odd key results on the flights of New York,
built anew in a directory of its own and run once. The limit is importing pandas and SQLAlchemy and doing nothing.

CPU seconds of whole processes, the least of five rounds in which everybody has a turn; ratios are to the limit.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from contest import Result, print_results
from run import OKR, cost

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
PYTHON = sys.executable
DONE_IN_PART = 1
KEY_RESULT, OBJECTIVE = "2013-Q2/departure-delay", "2013-Q2/leave-on-time"
SHARED = "okr_pipeline.cli, typer._adapters, okr_pipeline.config.projects, okr_pipeline.cli.tables"
STATUS = f"{SHARED}, okr_pipeline.application.telling"
EXPLAIN = f"{SHARED}, okr_pipeline.application.explaining"


def main() -> None:
    """One project, and every contestant in turn."""
    with example() as directory:
        commands = contestants(directory / "config")
        # The first round compiles bytecode and does not count.
        rounds = [{name: cost(command).cpu for name, command in commands.items()} for _ in range(1 + ROUNDS)][1:]
        print_results(("process",), [Result(name, [min(it[name] for it in rounds)]) for name in commands])


@contextmanager
def example() -> Iterator[Path]:
    """A copy of the example with its sources, run once; a wind that a rule refuses leaves that done in part."""
    with tempfile.TemporaryDirectory(prefix="okr-bench-") as name:
        directory = Path(name)
        shutil.copytree(ROOT / "config", directory / "config", ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run([PYTHON, str(directory / "config" / "build_warehouse.py")], check=True, capture_output=True)
        done = subprocess.run(
            [str(OKR), "run", "--config", str(directory / "config")], capture_output=True, check=False
        )
        if done.returncode != DONE_IN_PART:
            raise SystemExit(f"okr run exited with {done.returncode}:\n{done.stdout.decode()}{done.stderr.decode()}")
        yield directory


def contestants(config: Path) -> Mapping[str, list[str]]:
    """Commands by what they stand for, the limit first."""

    def okr(*command: str) -> list[str]:
        return [str(OKR), *command, "--config", str(config)]

    return {
        "import pandas, sqlalchemy": [PYTHON, "-c", "import pandas, sqlalchemy"],
        "okr --help": [str(OKR), "--help"],
        "what okr status imports, alone": importing(STATUS),
        "okr status": okr("status"),
        "what okr explain imports, alone": importing(EXPLAIN),
        "okr explain KEY_RESULT": okr("explain", KEY_RESULT),
        "okr explain OBJECTIVE": okr("explain", OBJECTIVE),
        "okr validate": okr("validate"),
    }


def importing(modules: str) -> list[str]:
    """Imports alone, with garbage left alone as `okr` leaves it."""
    return [PYTHON, "-c", f"import gc; gc.disable(); import {modules}; gc.freeze()"]


if __name__ == "__main__":
    main()
