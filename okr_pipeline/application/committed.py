"""Configurations as a git commit holds them: read from git's objects, whatever the working tree has.

Belongs here: talking to git. Does not: what a configuration means (config), comparing two (planning).
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.workspace import check_configuration
from okr_pipeline.config.problem import ConfigurationError
from okr_pipeline.model.configuration import Configuration

_YAML = (".yaml", ".yml")
_FILES = ("100644", "100755")


def configuration_at(config_dir: Path, ref: str, environ: Mapping[str, str] | None = None) -> Configuration:
    """The configuration of a directory as of a commit, checked with the environment as it is now.

    Raises:
        UsageError: there is no git, no repository, no such commit, or no such directory in it.
        okr_pipeline.config.ConfigurationError: it is not in order; places are `<ref>:<file>:<line>:<column>`.
    """
    top = Path(_said(config_dir, "rev-parse", "--show-toplevel", fault=_no_repository(config_dir)).strip())
    commit = _said(config_dir, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", fault=_no_commit(ref)).strip()
    inside = config_dir.resolve().relative_to(top.resolve()).as_posix()
    files = _listed(top, commit, inside)
    if not files:
        raise UsageError(f"There is no {inside}/ at {ref}. Name a commit that has it, or another --config.")
    with tempfile.TemporaryDirectory(prefix="okr-plan-") as name:
        for path, blob in files.items():
            target = Path(name) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_git(top, "cat-file", "blob", blob).stdout)
        try:
            return check_configuration(Path(name) / inside, environ)
        except ConfigurationError as error:
            placed = [replace(it, file=f"{ref}:{Path(it.file).relative_to(name).as_posix()}") for it in error.problems]
        # Outside, because the error above names files that are gone.
    raise ConfigurationError(placed)


def _listed(top: Path, commit: str, inside: str) -> dict[str, str]:
    """The YAML files of a directory at a commit, with the names of their content."""
    listed = _git(top, "ls-tree", "-r", "-z", commit, "--", inside).stdout.decode()
    found = {}
    for line in filter(None, listed.split("\0")):
        facts, path = line.split("\t", 1)
        mode, _, blob = facts.split()
        if mode in _FILES and path.endswith(_YAML):
            found[path] = blob
    return found


def _said(directory: Path, *arguments: str, fault: str) -> str:
    done = _git(directory, *arguments)
    if done.returncode:
        raise UsageError(fault)
    return done.stdout.decode()


def _git(directory: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    git = shutil.which("git")
    if git is None:
        raise UsageError("git is not installed, and --against asks it for files. Install it, or leave --against out.")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = [git, "-C", str(directory), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603 - no shell


def _no_repository(directory: Path) -> str:
    return (
        f"{directory} is not in a git repository, so there is no commit to compare with."
        " Leave --against out to compare with what was last applied."
    )


def _no_commit(ref: str) -> str:
    return f"There is no commit '{ref}' in this repository. Name a branch, a tag or a commit; `git log` lists them."
