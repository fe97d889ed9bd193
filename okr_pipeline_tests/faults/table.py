"""The table of faults: as the manual shows it, and with what a run said of each.

    python -m okr_pipeline_tests.faults.table            plants them all and prints what came of each, as Markdown
    python -m okr_pipeline_tests.faults.table --page     writes the table into docs/quality.md

Belongs here: the two forms of the table. Does not: the faults (catalogue).
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from okr_pipeline_tests.faults.catalogue import FAULTS
from okr_pipeline_tests.faults.planting import Clean, batches, plant

PAGE = Path(__file__).resolve().parents[2] / "docs" / "quality.md"
_FIRST, _LAST = "<!-- faults: written by okr_pipeline_tests/faults/table.py -->\n", "<!-- end of faults -->\n"


def page(text: str) -> str:
    """The manual's page with the table as it should be."""
    before, _, rest = text.partition(_FIRST)
    _, _, after = rest.partition(_LAST)
    return before + _FIRST + "\n".join(_rows()) + "\n" + _LAST + after


def _rows() -> Iterator[str]:
    yield "| fault | caught by | the key result's score is |"
    yield "|---|---|---|"
    for fault in sorted(FAULTS, key=lambda it: not it.listed):
        rules = " or ".join(f"`{rule}`" for rule in fault.rule.split(",") if rule)
        yield f"| {fault.what} | {rules} | {fault.score} |"


def report() -> Iterator[str]:
    """What a run said of each fault."""
    yield "| fault | metric | rules | score | told |"
    yield "|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as directory:
        clean = Clean.read(Path(directory) / "clean")
        for number, batch in enumerate(batches(FAULTS)):
            for it in plant(clean, batch, Path(directory) / str(number)).findings:
                told = it.lines[0].strip().replace("|", "\\|") if it.lines else "–"
                yield f"| {it.fault.what} | {it.metric} | {', '.join(sorted(it.rules))} | {it.score} | {told} |"


def main() -> None:
    """Print the report, or write the page."""
    if "--page" in sys.argv[1:]:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        for line in report():
            print(line)  # noqa: T201


if __name__ == "__main__":
    main()
