"""What commands that tell cost in a company of 10,000 key results, beside loading their libraries and definitions.

Run as `python benchmarks/explaining.py [key results]`. The store is made by one `okr run`, in the middle of a quarter,
so that every key result has a forecast. In a tree the scores of all objectives count in one, so that explaining any of
them scores all. Explaining reads the definitions that were applied last from the store, never
the YAML files, which `okr validate` does; the limit is importing pandas and SQLAlchemy and doing nothing.

CPU seconds of whole processes, the least of three rounds in which everybody has a turn; ratios are to the limit.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import yaml
from company import Company
from contest import Result, print_results
from run import OKR, cost, project, run

LAST = date(2026, 2, 14)
ROUNDS = 3
PYTHON = sys.executable
RESTORING = """
from pathlib import Path
from okr_pipeline.application.workspace import open_applied
open_applied(Path({config!r}))
"""


def main(key_results: int) -> None:
    """One project with every contestant, and one that is a tree."""
    company = Company(metrics=1_000, key_results=key_results, last=LAST)
    print(f"{key_results:,} key results, {company.metrics:,} metrics × {company.days} days; CPU seconds")
    with project(company, None) as apart, project(replace(company, tree=True), None) as tree:
        for directory in (apart, tree):
            run(directory, None, None)
        commands = contestants(apart) | {"okr explain KEY_RESULT, in a tree": explaining(tree)}
        # The first round compiles bytecode and does not count.
        rounds = [{name: cost(command).cpu for name, command in commands.items()} for _ in range(1 + ROUNDS)][1:]
        print_results(("process",), [Result(name, [min(it[name] for it in rounds)]) for name in commands])


def explaining(directory: Path, key_result: str = "k00001") -> list[str]:
    """k00001 is measured over trailing days, k00000 by its sum."""
    config = str(directory / "config")
    return [str(OKR), "explain", f"{first_cycle(directory)}/{key_result}", "--config", config]


def contestants(directory: Path) -> Mapping[str, list[str]]:
    """Commands by what they stand for, the limit first."""
    config = str(directory / "config")

    def okr(*command: str) -> list[str]:
        return [str(OKR), *command, "--config", config]

    return {
        "import pandas, sqlalchemy": [PYTHON, "-c", "import pandas, sqlalchemy"],
        "okr --help": [str(OKR), "--help"],
        "definitions out of the store, alone": [PYTHON, "-c", RESTORING.format(config=config)],
        "okr explain KEY_RESULT": explaining(directory),
        "okr explain KEY_RESULT --json": [*explaining(directory, "k00000"), "--json"],
        "okr explain KEY_RESULT --proof FILE": [*explaining(directory), "--proof", str(directory / "proof.json")],
        "okr explain OBJECTIVE": explaining(directory, "o00000"),
        "okr status, all of them": okr("status"),
        "okr status --json": okr("status", "--json"),
        "okr compare, a week of all": okr("compare", "--from", "2026-02-07", "--to", str(LAST)),
        "okr lint": okr("lint"),
        "okr validate, all YAML": okr("validate"),
    }


def first_cycle(directory: Path) -> str:
    """The id of the cycle that the first objectives are in."""
    files = sorted((directory / "config" / "okrs").glob("*.yaml"))
    return str(yaml.safe_load(files[0].read_text())["cycle"]["id"])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
