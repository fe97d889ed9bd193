"""Where the memory of a large run is: what the process holds at most, by what it is doing.

Run as `python benchmarks/memory.py [metrics] [key results]`; 10,000 and 50,000 unless said. Twenty times a second a
thread of the run notes what the process holds (Linux tells) and which functions it is in. A step is named by the
modules that it goes through, from the application down; the function is where it held the most.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from company import Company
from run import project

SAMPLED = """
import sys, threading, time
from pathlib import Path
from okr_pipeline.cli.main import main

def stack():
    frame, calls = sys._current_frames()[threading.main_thread().ident], []
    while frame is not None:
        if 'okr_pipeline' in frame.f_code.co_filename:
            path = Path(frame.f_code.co_filename)
            calls.append(f'{path.parent.name}/{path.stem}.{frame.f_code.co_name}')
        frame = frame.f_back
    return ' '.join(reversed(calls))

def sample(notes):
    pages = Path('/proc/self/statm')
    while True:
        print(int(pages.read_text().split()[1]) * 4096, stack(), file=notes, flush=True)
        time.sleep(0.05)

threading.Thread(target=sample, args=(open(sys.argv.pop(1), 'w'),), daemon=True).start()
sys.exit(main(sys.argv[1:]))
"""
_DEEPEST = 3


@dataclass
class Step:
    """What a run held when it began to do something, the most meanwhile, and where that was."""

    first: int
    most: int
    function: str


def main(company: Company) -> None:
    """A first run, and one that finds nothing new."""
    with project(company, None) as directory:
        for name in ("first", "again"):
            samples = sampled(directory)
            print(f"{name}: {max(held for held, _ in samples) / 10**6:,.0f} MB at most")
            print(f"{'':<60}{'first':>8}{'most':>8}  in")
            for step, it in steps(samples).items():
                print(f"{step:<60}{it.first / 10**6:>8,.0f}{it.most / 10**6:>8,.0f}  {it.function}")


def sampled(directory: Path) -> list[tuple[int, list[str]]]:
    """Bytes held, and the calls of this package from the outermost in, in the order of time."""
    notes = directory / "samples.txt"
    command = [sys.executable, "-c", SAMPLED, str(notes), "run", "--config", str(directory / "config")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"okr run failed:\n{done.stdout}{done.stderr}")
    lines = [line.split() for line in notes.read_text().splitlines()]
    return [(int(held), calls) for held, *calls in lines]


def steps(samples: list[tuple[int, list[str]]]) -> dict[str, Step]:
    """Samples of the same step together, in the order in which steps began."""
    found: dict[str, Step] = {}
    for held, calls in samples:
        step = found.setdefault(named(calls), Step(held, held, ""))
        if held >= step.most:
            step.most, step.function = held, calls[-1] if calls else ""
    return found


def named(calls: list[str]) -> str:
    """The modules of the application that a stack goes through, and the first below it."""
    modules: list[str] = []
    for call in calls:
        module = call.partition(".")[0]
        if module not in modules and module.startswith(("application/", "rendering/", "config/")):
            modules.append(module)
    return " > ".join(module.partition("/")[2] for module in modules[:_DEEPEST]) or "starting, Dagster"


if __name__ == "__main__":
    sizes = [int(argument) for argument in sys.argv[1:]] or [10_000, 50_000]
    main(Company(metrics=sizes[0], key_results=sizes[1]))
