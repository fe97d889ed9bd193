"""Recipes: a source and first metrics of a well-known service, as files to edit.

Belongs here: finding them and writing them down. Does not: what is in one (recipes/*.yaml), projects of other kinds.
"""

import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import yaml

OVER: Final = "rest"
TESTED_AGAINST: Final = ("a server of our own, after the service's documentation",)
UNTESTED: Final = ("the service itself", "a description of its API")
_VARIABLE: Final = re.compile(r"\$\{([A-Z_]+)\}")
_PART: Final = re.compile(r"^(recipe|sources|metrics):$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What `okr init --from` writes of a service: `sources` and `metrics` are the texts of two files.

    Those that are over `rest` are what there is for the service; the others are the beginning for a connector.
    """

    name: str
    summary: str
    documentation: str
    connector: str
    sources: str
    metrics: str

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that it needs, as they come."""
        told = "\n".join(line.partition(" # ")[0] for line in self.sources.splitlines() if line.strip()[:1] != "#")
        return tuple(dict.fromkeys(_VARIABLE.findall(told)))

    @property
    def metric_ids(self) -> tuple[str, ...]:
        """What is read, by id."""
        return tuple(yaml.safe_load(self.metrics)["metrics"])


def recipes() -> dict[str, Recipe]:
    """All of them, by name."""
    found = [_recipe(it) for it in directory().iterdir() if it.name.endswith(".yaml")]
    return {it.name: it for it in sorted(found, key=lambda it: it.name)}


def directory() -> Traversable:
    """Where they are, and `project`, what a project has besides."""
    return files("okr_pipeline") / "recipes"


def _recipe(file: Traversable) -> Recipe:
    parts = _PART.split(file.read_text(encoding="utf-8"))
    texts = {name: f"{name}:{text}".rstrip() + "\n" for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    told = yaml.safe_load(texts["recipe"])["recipe"]
    connectors = [it["connector"] for it in yaml.safe_load(texts["sources"])["sources"].values()]
    name = file.name.removesuffix(".yaml")
    return Recipe(name, told["summary"], told["documentation"], connectors[0], texts["sources"], texts["metrics"])
