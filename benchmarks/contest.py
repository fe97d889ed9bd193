"""What contests share: CPU seconds of a process with its database server, and the table that is printed.

Belongs here: the standard library alone, because peers import it in an environment of their own. Does not: contestants.
"""

import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent / ".venv" / "bench" / "bin" / "python"
"""The Python that has the peers, made by `make bench`."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Result:
    """What a contestant took in each phase, CPU seconds; `note` says how it was set up or scaled."""

    name: str
    seconds: Sequence[float]
    note: str = ""

    @property
    def total(self) -> float:
        return sum(self.seconds)


def cpu_seconds(server: int | None = None) -> float:
    """Of this process with its threads, and of a server with all its processes, also those that have ended."""
    return time.process_time() + (0.0 if server is None else server_cpu_seconds(server))


def median(rounds: Sequence[Sequence[float]]) -> list[float]:
    """Phase by phase."""
    return [statistics.median(phase) for phase in zip(*rounds, strict=True)]


def print_results(phases: Sequence[str], results: Sequence[Result]) -> None:
    """One line per contestant; ratios are to the first, which is the limit."""
    width = max(len(result.name) for result in results) + 2
    print(f"{'':<{width}}" + "".join(f"{phase:>12}" for phase in (*phases, "together", "ratio")))
    for result in results:
        figures = "".join(f"{seconds:>12.3f}" for seconds in (*result.seconds, result.total))
        print(f"{result.name:<{width}}{figures}{result.total / results[0].total:>11.2f}×  {result.note}".rstrip())


def server_cpu_seconds(postmaster: int) -> float:
    """Of a server with all its processes, by the id of its first."""
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return sum(map(_living, children)) + _ticks(str(postmaster), 4) / _TICKS


def _living(process: str) -> float:
    try:
        return _ticks(process, 2) / _TICKS
    except (FileNotFoundError, ProcessLookupError):  # it ended in between, and its parent counts it
        return 0.0


def _ticks(process: str, fields: int) -> int:
    """User and system time; with four fields, also of the children that have ended."""
    after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, after_name[11 : 11 + fields]))
