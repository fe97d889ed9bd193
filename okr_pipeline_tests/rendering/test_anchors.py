import re

from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline.rendering.anchors import anchor_of, anchors


def test_an_ordinary_id_keeps_its_text():
    assert anchor_of("2013-Q2/departure-delay") == "2013-Q2-departure-delay"


@settings(deadline=None)
@given(st.lists(st.text(min_size=1), unique=True))
def test_anchors_of_a_page_are_unique_and_safe(ids):
    found = anchors(ids, taken=["main"])
    assert len({*found.values(), "main"}) == len(ids) + 1
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", anchor) for anchor in found.values())


@settings(deadline=None)
@given(st.text(min_size=1), st.lists(st.text(min_size=1)))
def test_an_anchor_depends_on_its_own_id_alone_unless_two_collide(one, others):
    alone = anchor_of(one)
    if all(anchor_of(other) != alone for other in others):
        assert anchors([*others, one])[one] == alone
