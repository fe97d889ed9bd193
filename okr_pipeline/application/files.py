"""Files that appear whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_WRITTEN_AT_ONCE: Final = 1 << 20


def write_file(path: Path, content: str | bytes) -> None:
    """Replace a file at once: a reader sees the old or the new one, never a part; an equal file is left alone.

    A text is written in UTF-8.
    """
    if _holds(path, content):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(_pieces(content))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _holds(path: Path, content: str | bytes) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return all(file.read(len(piece)) == piece for piece in _pieces(content)) and not file.read(1)


def _pieces(content: str | bytes) -> Iterator[bytes]:
    """In steps: a page of thousands of key results has hundreds of megabytes, and would be there twice."""
    for start in range(0, len(content), _WRITTEN_AT_ONCE):
        piece = content[start : start + _WRITTEN_AT_ONCE]
        yield piece.encode() if isinstance(piece, str) else piece
