"""Files that appear whole or not at all."""

import pytest

from okr_pipeline.application import files


@pytest.mark.parametrize("content", ["", "ü" * 5, "“1234567”\n" * 3, b"\xff\x00" * 7], ids=repr)
@pytest.mark.parametrize("before", [None, b"", b"other", "“1234567”\n".encode() * 4])
def test_a_file_holds_what_was_written_however_many_steps_it_takes(content, before, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_WRITTEN_AT_ONCE", 4)
    path = tmp_path / "there" / "file"
    if before is not None:
        path.parent.mkdir()
        path.write_bytes(before)
    files.write_file(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert [it.name for it in path.parent.iterdir()] == ["file"]


def test_an_equal_file_is_left_alone(tmp_path):
    path = tmp_path / "file"
    files.write_file(path, "ü")
    before = path.stat().st_ino
    files.write_file(path, "ü")
    assert path.stat().st_ino == before
    files.write_file(path, "u")
    assert path.stat().st_ino != before
