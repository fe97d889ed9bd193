"""Running MetricFlow: a program of an environment that is not ours.

Belongs here: starting it, ending it, what its failures mean. Does not: what it is asked (source).

It is given the whole environment, for profiles take logins from there. What it says is shown without them.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from connectors.errors import ConfigError, ContractError, TransientError, metric_key, source_key
from connectors.watching import Watch

_SECRET: Final = re.compile(r"PASS|SECRET|TOKEN|KEY|CREDENTIAL|DSN|URL", re.IGNORECASE)
_SHORTEST_SECRET: Final = 4
_MOST_SAID: Final = 800
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NO_WORDS: Final = re.compile(r"[^\x20-\x7e\u00a0-\u024f]+")
_ASKED_WRONGLY: Final = "Got error(s) during query resolution"
_BEFORE, _AFTER = "ERROR", "Log File:"


@dataclass(frozen=True, slots=True)
class Program:
    """A command, the directory that it runs in, and its environment."""

    command: Sequence[str]
    directory: Path
    environment: Mapping[str, str] = field(repr=False)

    def run(self, arguments: Sequence[str], watch: Watch) -> None:
        """Run it to its end.

        Raises:
            ConfigError: it is not there, or refuses what it is asked.
            TransientError: it failed in another way, took too long, or was cancelled.
        """
        try:
            process = subprocess.Popen(  # noqa: S603 - the project's own setting, without a shell
                [self._found(), *self.command[1:], *arguments],
                cwd=self.directory,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ConfigError(
                f"{self._name} does not start: {error.strerror}. Correct project_dir or ", source_key("command"), "."
            ) from None
        with process:
            try:
                with watch.over(partial(_kill, process)):
                    said, _ = process.communicate()
            finally:
                # Whatever it started must not outlive it, nor an interrupt.
                _kill(process)
        self._refuse_failed(process.returncode, said.decode("utf-8", errors="replace"))

    def _found(self) -> str:
        program = self.command[0]
        found = shutil.which(program, path=self.environment.get("PATH"))
        if found is None:
            raise ConfigError(
                f"There is no program {program}. Install dbt-metricflow, or set command to where it is:"
                " command: [/path/to/environment/bin/mf]."
            )
        return found

    @property
    def _name(self) -> str:
        return " ".join(self.command)

    def _refuse_failed(self, code: int, said: str) -> None:
        if code == 0:
            return
        if code == -signal.SIGKILL:
            raise TransientError(f"{self._name} was stopped: it took longer than timeout, or the read was cancelled.")
        shown = self._shown(said)
        if _ASKED_WRONGLY in said:
            raise ConfigError(
                f"MetricFlow refuses what it is asked: {shown}. Correct ",
                metric_key("dbt_metric"),
                ", group_by or where.",
            )
        raise TransientError(
            f"{self._name} failed (exit code {code}), it says: {shown or 'nothing'}."
            " Run again; if it stays so, run it yourself in project_dir."
        )

    def _shown(self, said: str) -> str:
        """What it says of its error, in one line, without secrets."""
        for secret in _secrets(self.environment):
            said = said.replace(secret, "***")
        said = said[max(said.find(_BEFORE), 0) :].partition(_AFTER)[0]
        line = " ".join(_NO_WORDS.sub(" ", _COLOURS.sub("", said)).split()).rstrip(".")
        return line if len(line) <= _MOST_SAID else line[: _MOST_SAID - 1] + "…"


def written(path: Path) -> str:
    """The text of a file that it should have written.

    Raises:
        ContractError: it did not, or not as text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ContractError("MetricFlow wrote no table, though it says that all went well. Run again.") from None


def environment_with(profiles_dir: Path | None) -> dict[str, str]:
    """The environment of this process, and where profiles are."""
    there = {} if profiles_dir is None else {"DBT_PROFILES_DIR": str(profiles_dir)}
    return {**os.environ, **there}


def _secrets(environment: Mapping[str, str]) -> list[str]:
    """The longest first: one may be a part of another."""
    values = {value for name, value in environment.items() if _SECRET.search(name) and len(value) >= _SHORTEST_SECRET}
    return sorted(values, key=len, reverse=True)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
