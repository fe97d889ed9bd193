"""The files of a configuration directory.

Belongs here: which files are read, and which YAML files nobody would read. Does not: their content (document).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from okr_pipeline.config.document import Document, read_document
from okr_pipeline.config.problem import Problem, nearest

SUFFIXES: Final = (".yaml", ".yml")
_FOLDERS: Final = ("sources", "metrics", "okrs", "check_ins")
_NOT_YET: Final = ("alerts", "scorecards")
_IGNORED: Final = ("data",)
_PLACES: Final = ("project.yaml", "people.yaml", "sources/", "metrics/", "okrs/", "check_ins/")
_READ = "This version reads project.yaml, people.yaml, sources/, metrics/, okrs/ and check_ins/"


@dataclass(slots=True)
class Files:
    """The documents of a directory, by kind. `problems` are those of files that are not read."""

    project: list[Document] = field(default_factory=list)
    sources: list[Document] = field(default_factory=list)
    metrics: list[Document] = field(default_factory=list)
    okrs: list[Document] = field(default_factory=list)
    check_ins: list[Document] = field(default_factory=list)
    people: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def documents(self) -> list[Document]:
        """All of them."""
        return [*self.project, *self.sources, *self.metrics, *self.okrs, *self.check_ins, *self.people]


def read_directory(directory: Path, *, only_project: bool = False) -> Files:
    """Reads every YAML file below a directory; hidden files, `data/` and other kinds of files are passed over.

    A directory that is reached twice, as through a link that leads back up, is a problem.
    """
    files = Files()
    if not _is_directory(directory):
        files.problems.append(
            Problem(
                directory.as_posix(),
                1,
                1,
                "there is no such directory",
                "It holds project.yaml, sources/, metrics/ and okrs/",
                "Name another with --config, or make one with okr init",
            )
        )
        return files
    for path in _project_files(directory) if only_project else _yaml_files(directory, directory, files.problems, {}):
        _sort_in(files, directory, path)
    if not any(problem.file == directory.as_posix() for problem in files.problems):
        _check_project(files, directory)
    return files


def _sort_in(files: Files, directory: Path, path: Path) -> None:
    parts, name = path.relative_to(directory).parts, path.as_posix()
    top = parts[0] if len(parts) > 1 else path.stem
    if len(parts) == 1 and top == "project":
        files.project.append(read_document(path, name))
    elif len(parts) == 1 and top == "people":
        files.people.append(read_document(path, name))
    elif len(parts) > 1 and top in _FOLDERS:
        kinds = {
            "sources": files.sources,
            "metrics": files.metrics,
            "okrs": files.okrs,
            "check_ins": files.check_ins,
        }
        kinds[top].append(read_document(path, name))
    else:
        files.problems.append(_not_read(name, top))


def _not_read(name: str, top: str) -> Problem:
    if top in _NOT_YET:
        what = f"{top} are not available in this version; available: {', '.join(_PLACES)}"
        return Problem(name, 1, 1, what, "What is not read must not look as if it counted", "Remove the file for now")
    meant = nearest(top, ("project", "people", *_FOLDERS))
    place = f"{meant}.yaml" if meant in ("project", "people") else f"{meant}/{Path(name).name}"
    return Problem(
        name,
        1,
        1,
        "no part of the configuration is read from this file",
        _READ,
        f"Did you mean {place}?" if meant else "Move it to one of these, or out of the directory",
    )


def _check_project(files: Files, directory: Path) -> None:
    if not files.project:
        missing = Problem(
            (directory / "project.yaml").as_posix(),
            1,
            1,
            "the file is missing",
            "It names the project and its time zone",
            "Create it with 'name: …' and 'timezone: …'",
        )
        files.problems.append(missing)
    for kind, documents in (("the project is", files.project), ("people are", files.people)):
        for second in documents[1:]:
            what = f"{kind} already described in {documents[0].file}"
            problem = Problem(second.file, 1, 1, what, "One of the two would be lost", "Remove one of them")
            files.problems.append(problem)


def _project_files(directory: Path) -> list[Path]:
    return [path for suffix in SUFFIXES if os.path.lexists(path := directory / f"project{suffix}")]


def _yaml_files(root: Path, directory: Path, problems: list[Problem], seen: dict[str, Path]) -> Iterator[Path]:
    """`seen` maps the directories that were entered, without links, to how they were reached."""
    try:
        first = seen.setdefault(os.path.realpath(directory), directory)
        entries = sorted(directory.iterdir())
    except OSError as error:
        problems.append(_unlisted(directory, error))
        return
    if first is not directory:
        problems.append(_entered_twice(directory, first))
        return
    for path in entries:
        if path.name.startswith("."):
            continue
        if _is_directory(path):
            if not (path.name in _IGNORED and path.parent == root):
                yield from _yaml_files(root, path, problems, seen)
        elif path.suffix in SUFFIXES:
            yield path


def _is_directory(path: Path) -> bool:
    """Whether it is one; where that may not be known, reading it will say why."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _unlisted(directory: Path, error: OSError) -> Problem:
    what = f"the directory cannot be listed ({error.strerror})"
    return Problem(
        directory.as_posix(), 1, 1, what, "What is in it would be lost", "Let this program's user read and enter it"
    )


def _entered_twice(directory: Path, first: Path) -> Problem:
    return Problem(
        directory.as_posix(),
        1,
        1,
        f"this is the directory {first.as_posix()} again, through a link",
        "Its files would be read twice",
        "Remove the link",
    )
