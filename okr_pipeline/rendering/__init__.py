"""Forms of the weekly snapshot: the page that leadership reads, the archive's index, and JSON.

Everything here is a pure function of a frozen `Snapshot`: the same snapshot gives the same bytes. Names are imported
when asked for, so that those who only format a number (`numbers`) do not load a template engine.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from okr_pipeline.rendering.anchors import anchor_of
    from okr_pipeline.rendering.html import ArchiveEntry, PageLinks, render_html, render_index
    from okr_pipeline.rendering.json_form import (
        SnapshotError,
        content_hash,
        outline_from_json,
        render_json,
        snapshot_from_json,
    )

__all__ = [
    "ArchiveEntry",
    "PageLinks",
    "SnapshotError",
    "anchor_of",
    "content_hash",
    "outline_from_json",
    "render_html",
    "render_index",
    "render_json",
    "snapshot_from_json",
]

_MODULES = {"anchor_of": "anchors"} | dict.fromkeys(
    ("SnapshotError", "content_hash", "outline_from_json", "render_json", "snapshot_from_json"), "json_form"
)


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'html')}"), name)
