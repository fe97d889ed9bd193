"""What the documents say is so: their commands run, their links lead somewhere, what they name exists."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from okr_pipeline.store import open_store
from okr_pipeline_tests.commands import okr_on_path
from okr_pipeline_tests.docs.documents import ROOT, anchors, blocks, code, documents, links

NAMES = [str(path.relative_to(ROOT)) for path in documents()]
GUIDES = ["README.md", "docs/tutorial.md"]


@pytest.fixture
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for PATH with an `okr` that starts at once."""
    directory = tmp_path_factory.mktemp("programs")
    okr_on_path(directory)
    return directory


@pytest.mark.slow
@pytest.mark.parametrize("name", GUIDES)
def test_commands_run_one_after_another_in_an_empty_directory(name, tmp_path, programs):
    script = [_step(name, block) for block in blocks((ROOT / name).read_text()) if "run" in block.marks or block.file]
    assert script
    _run_bash("\n".join(script), tmp_path, programs)


@pytest.mark.slow
def test_commands_on_the_example_run_after_it_was_scored(example_run, tmp_path, programs):
    """In a copy of it, whose store is its own, wherever that of other tests is."""
    project = tmp_path / "example"
    shutil.copytree(example_run.directory, project)
    if not (project / ".okr" / "okr.db").exists():
        store = open_store(example_run.store_url)
        store.backup(project / ".okr" / "okr.db")
        store.close()
    pages = [*GUIDES, *(name for name in NAMES if name not in GUIDES)]
    found = [(name, block) for name in pages for block in blocks((ROOT / name).read_text()) if "example" in block.marks]
    assert found
    _run_bash("\n".join(_step(name, block) for name, block in found), project, programs)


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_files_and_headings_that_exist(name):
    document = ROOT / name
    broken = []
    for target in links(document.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or (fragment and fragment not in anchors(file.read_text())):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("name", NAMES)
def test_make_targets_that_a_document_names_exist(name):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", code((ROOT / name).read_text())))
    assert named <= targets


@pytest.mark.parametrize("name", NAMES)
def test_commands_that_a_document_names_exist(name):
    reference = (ROOT / "docs/reference/cli.md").read_text()
    commands = {heading.split()[0] for heading in re.findall(r"^#+ `okr ([^`]+)`$", reference, re.MULTILINE)}
    named = set(re.findall(r"(?:^|[`$&;(] ?)okr ([a-z][a-z-]*)", code((ROOT / name).read_text()), re.MULTILINE))
    assert named <= commands


@pytest.mark.parametrize("lock", ["bootstrap", "runtime", "dev"])
def test_a_lock_pins_by_hash_and_names_no_index(lock):
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    requirements = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert requirements
    assert [it for it in requirements if "==" not in it or "--hash=sha256:" not in it] == []
    assert "://" not in text


def _step(name: str, block) -> str:
    """A block as shell; its place is printed first, so that a failure says where it stands."""
    step = f"echo '--- {name}:{block.line}' >&2\n"
    if block.file is None:
        return step + block.body
    return (
        step
        + f"mkdir -p {shlex.quote(str(Path(block.file).parent))}\nprintf %s {shlex.quote(block.body)} > {block.file}"
    )


def _run_bash(script: str, directory: Path, programs: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OKR_", "DAGSTER_"))}
    environment["PATH"] = os.pathsep.join([str(programs), str(Path(sys.executable).parent), environment["PATH"]])
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-6000:]}"
