"""Files that appear whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_file(path: Path, content: str | bytes) -> None:
    """Replace a file at once: a reader sees the old or the new one, never a part; an equal file is left alone.

    A text is written in UTF-8.
    """
    written = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.stat().st_size == len(written) and path.read_bytes() == written:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
