"""The examples of docs/vendors.md are configurations that hold."""

import re

import pytest

from okr_pipeline_tests.commands import run_okr
from okr_pipeline_tests.docs.documents import ROOT, blocks

SECTIONS = re.findall(r"^## (.+?)$(.*?)(?=^## |\Z)", (ROOT / "docs/vendors.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize(("text"), [pytest.param(text, id=title) for title, text in SECTIONS])
def test_the_example_of_a_vendor_is_valid(tmp_path, text):
    files = {block.file: block.body for block in blocks(text) if block.file}
    assert {name.split("/")[1] for name in files} >= {"sources", "metrics"}
    for name, body in {**files, "config/project.yaml": "name: Shop\ntimezone: America/New_York\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(body)
    secrets = {name: f"secret-of-{name.lower()}" for name in re.findall(r"\$\{(\w+)\}", text)}
    done = run_okr("validate", cwd=tmp_path, env={**secrets, "OKR_STORE_URL": ""})
    assert done.returncode == 0, done.stdout + done.stderr
