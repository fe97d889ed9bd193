"""Forms of the weekly snapshot: the page that leadership reads, the archive's index, and JSON.

Everything here is a pure function of a frozen `Snapshot`: the same snapshot gives the same bytes.
"""

from okr_pipeline.rendering.anchors import anchor_of
from okr_pipeline.rendering.html import ArchiveEntry, PageLinks, render_html, render_index
from okr_pipeline.rendering.json_form import SnapshotError, render_json, snapshot_from_json, snapshot_hash

__all__ = [
    "ArchiveEntry",
    "PageLinks",
    "SnapshotError",
    "anchor_of",
    "render_html",
    "render_index",
    "render_json",
    "snapshot_from_json",
    "snapshot_hash",
]
