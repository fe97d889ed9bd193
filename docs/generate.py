"""Writes docs/reference, and the example's schemas for editors, from the code, so that they say what it does.

Belongs here: turning JSON Schemas and the command line into pages. Does not: any sentence about a key or a command;
those are docstrings and field descriptions beside what they describe.

    python docs/generate.py            writes them
    python docs/generate.py --check    writes nothing; 1 and the names of those that are out of date
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NOTICE = "<!-- Written by docs/generate.py; change the code it is made from instead. -->\n\n"

Schema = Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or compare them. 0 done, 1 some are out of date."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is out of date")
    check = parser.parse_args(arguments).check
    stale = {path: text for path, text in pages().items() if not _is_current(path, text)}
    for path, text in stale.items():
        print(f"{path.relative_to(ROOT)} {'is out of date: run `make docs`' if check else 'written'}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


def pages() -> dict[Path, str]:
    """Every generated file by its path. Scoring and faults are told from the tables that test them."""
    from okr_pipeline_tests.faults import table as faults
    from okr_pipeline_tests.spec import generate as scoring

    schemas = json_schemas()
    editors = {ROOT / "config/.schema" / name: _json(schema) for name, schema in schemas.items()}
    return {
        ROOT / "docs/reference/config.md": NOTICE + config_page(schemas),
        ROOT / "docs/reference/cli.md": NOTICE + cli_page(),
        ROOT / "docs/reference/connectors.md": NOTICE + connectors_page(),
        ROOT / "docs/reference/lint.md": NOTICE + lint_page(),
        ROOT / "docs/reference/status-rules.md": NOTICE + rules_page(),
        scoring.PAGE: scoring.page(),
        faults.PAGE: faults.page(faults.PAGE.read_text(encoding="utf-8")),
        **editors,
    }


def connectors_page() -> str:
    """Every connector as it describes itself."""
    from connectors.catalogue import load_connectors

    lines = [
        "# Connectors",
        "",
        "What each reads, who judged that, and what nobody has tried. *History*: whether past periods can be read.",
        "*Changes*: how long after its end the service still changes a period, where it says so; metrics should say as",
        "much in `closes_after`.",
        "`okr connectors show NAME` has the keys of one as JSON Schema; [Configuration](config.md) has those of all.",
        "",
        "| connector | reads | history | changes | additivity | tested against | untested |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, connector in load_connectors().items():
        it = connector.describe()
        changes = "" if it.closes_after is None else f"{it.closes_after / timedelta(hours=1):g}h"
        listed = map(", ".join, (it.additivity, it.tested_against, it.untested))
        told = ("yes" if it.history else "no", changes, *listed)
        lines.append(f"| `{name}` | {it.summary} | {' | '.join(text or '–' for text in told)} |")
    return "\n".join(lines) + "\n"


def lint_page() -> str:
    """Every lint rule: what it finds, why that is a mistake, and who says so."""
    from okr_pipeline.model.lint import LINT_RULES

    lines = [
        "# Lint rules",
        "",
        "What [`okr lint`](../lint.md) looks for. *Stored*: the rule needs values, and is silent without a store.",
        "",
        "| rule | finds | why it matters | after |",
        "|---|---|---|---|",
    ]
    for rule in LINT_RULES.values():
        kind = f"{rule.severity}{', stored' if rule.needs_store else ''}"
        lines.append(f"| `{rule.id}`<br>{kind} | {rule.finds} | {rule.why} | {rule.source} |")
    return "\n".join(lines) + "\n"


def json_schemas() -> Mapping[str, Schema]:
    """The JSON Schema of each kind of file, with the settings of the installed connectors."""
    from okr_pipeline.application.workspace import connector_schemas
    from okr_pipeline.config.schemas import json_schemas as schemas

    return schemas(connector_schemas())


def cli_page() -> str:
    """Every command with its arguments and options, as Typer documents them."""
    command = [sys.executable, "-m", "typer", "okr_pipeline.cli.main", "utils", "docs", "--name", "okr"]
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "120"}
    done = subprocess.run(command, capture_output=True, check=True, text=True, env=environment, cwd=ROOT)  # noqa: S603
    return done.stdout.replace("# `okr`", "# Command line", 1).rstrip() + "\n"


def rules_page() -> str:
    """Every status rule: what it says, its words among our statuses, our readings, its sources."""
    from okr_pipeline.model.status_rule import STATUS_RULES

    lines = ["# Status rules", "", "[Choosing and comparing them](../status-rules.md) is a page of its own.", ""]
    for rule in STATUS_RULES.values():
        lines += [f"## `{rule.name}`: {rule.product}", "", f"{rule.says[0].upper()}{rule.says[1:]}.", ""]
        lines += ["| its word | status here |", "|---|---|"]
        lines += [*(f"| {word} | *{status.word}* |" for word, status in rule.words.items()), ""]
        lines += [*(f"- {reading}" for reading in rule.readings), ""] if rule.readings else []
        named = [f"<{it}>" if it.startswith("http") else it for it in rule.sources]
        lines += [f"Sources: {', '.join(named)}.", ""] if named else []
    return "\n".join(lines).rstrip() + "\n"


def config_page(schemas: Mapping[str, Schema]) -> str:
    """A part for each kind of file, and in it a table of keys for each mapping, named by where it is written.

    >>> key = {"type": "object", "properties": {"max": {"type": "number", "description": "Greatest"}}}
    >>> page = config_page({"metrics.json": {"type": "object", "properties": {"healthy": key}}})
    >>> [line for line in page.splitlines() if line.startswith("#")]
    ['# Configuration', '## metrics', '### `healthy`']
    """
    lines = ["# Configuration", ""]
    lines += ["Required keys are **bold**. `okr schema` writes the same as JSON Schema for editors.", ""]
    for file, schema in schemas.items():
        lines += _File(Path(file).stem, schema.get("$defs", {})).part(schema)
    return "\n".join(lines).rstrip() + "\n"


class _File:
    """One kind of file while its part is written. `headings` are those of the mappings met so far, by identity."""

    def __init__(self, name: str, definitions: Mapping[str, Schema]) -> None:
        self.name = name
        self.definitions = definitions
        self.headings: dict[int, str] = {}
        self.waiting: list[tuple[str, str, Schema]] = []

    def part(self, schema: Schema) -> list[str]:
        """The file's own keys, then those of each mapping inside, outermost first."""
        lines = self._section(f"## {self.name}", "", schema)
        while self.waiting:
            heading, path, inner = self.waiting.pop(0)
            lines += self._section(f"### {heading}", path, inner)
        return lines

    def _section(self, heading: str, path: str, schema: Schema) -> list[str]:
        text = schema.get("description")
        rows = self._rows(path, schema)
        table = ["| key | value | default | meaning |", "|---|---|---|---|", *rows, ""] if rows else []
        return [heading, "", *([" ".join(text.split()), ""] if text else []), *table]

    def _rows(self, path: str, schema: Schema) -> list[str]:
        required = set(schema.get("required", ()))
        return [self._row(path, key, field, key in required) for key, field in schema["properties"].items()]

    def _row(self, path: str, key: str, field: Schema, required: bool) -> str:
        inner = f"{path}.{key}" if path else key
        shown = f"**`{key}`**" if required else f"`{key}`"
        default = f"`{_scalar(field['default'])}`" if field.get("default") is not None else ""
        meaning = _meaning(field)
        return f"| {shown} | {_cell(self._kind(inner, field))} | {_cell(default)} | {_cell(meaning)} |"

    def _kind(self, path: str, schema: Schema | bool) -> str:
        """What may be written at a place, in words; a mapping with keys of its own gets a section and a link."""
        if not isinstance(schema, Mapping):
            return "anything"
        if reference := schema.get("$ref"):
            return self._kind(path, self.definitions[reference.rsplit("/", 1)[-1]])
        if "properties" in schema:
            return f"[keys](#{_anchor(self._heading(path, schema))})"
        if choices := schema.get("anyOf") or schema.get("oneOf"):
            return " or ".join(dict.fromkeys(kind for it in choices if (kind := self._kind(path, it)) != "null"))
        if "const" in schema or "enum" in schema:
            return ", ".join(f"`{_scalar(value)}`" for value in schema.get("enum", [schema.get("const")]))
        return self._type(path, schema)

    def _type(self, path: str, schema: Schema) -> str:
        match schema.get("type"):
            case "array":
                return f"list of {self._kind(path + '[]', schema.get('items', True))}"
            case "object":
                return f"mapping of {self._kind(path + '.<id>', schema.get('additionalProperties', True))}"
            case list() as kinds:
                return " or ".join(self._type(path, {**schema, "type": kind}) for kind in kinds if kind != "null")
            case "string" if str(schema.get("pattern", "")).startswith("\\$\\{"):
                return "`${VAR}`"
            case "string":
                return {"date": "date", "date-time": "instant", "password": "secret"}.get(
                    schema.get("format", ""), "text"
                )
            case kind:
                words = {"integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}
                return words.get(str(kind), "anything")

    def _heading(self, path: str, schema: Schema) -> str:
        """The heading of a mapping's section; a mapping that is written at several places has one."""
        if id(schema) not in self.headings:
            variants = [f"{key} {it['const']}" for key, it in schema["properties"].items() if "const" in it]
            self.headings[id(schema)] = " ".join([f"`{path}`", *(f"({it})" for it in variants)])
            self.waiting.append((self.headings[id(schema)], path, schema))
        return self.headings[id(schema)]


def _meaning(field: Schema) -> str:
    """What a key means; all of it where several connectors have a key of one name.

    >>> _meaning({"anyOf": [{"description": "PromQL."}, {"description": "One SELECT."}, {"type": "null"}]})
    'PromQL. Or: One SELECT.'
    """
    if own := field.get("description"):
        return " ".join(own.split())
    texts = [str(it.get("description", "")) for it in field.get("anyOf", ()) if isinstance(it, Mapping)]
    return " Or: ".join(dict.fromkeys(" ".join(text.split()) for text in texts if text))


def _anchor(heading: str) -> str:
    """The fragment that GitHub gives a heading.

    >>> _anchor("`sources.<id>` (connector sql)")
    'sourcesid-connector-sql'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _json(schema: Schema) -> str:
    """As `okr schema` writes it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _scalar(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
