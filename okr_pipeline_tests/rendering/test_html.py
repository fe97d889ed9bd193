"""The page read back: every figure, every link, every escaped text."""

import dataclasses
import itertools
import re
from collections import Counter
from datetime import date, timedelta

import pytest

from okr_pipeline.model.check_in import CheckInRate
from okr_pipeline.model.snapshot import KeyResultRow, Removed, Snapshot
from okr_pipeline.rendering import (
    ArchiveEntry,
    PageLinks,
    SnapshotError,
    anchor_of,
    bands,
    content_hash,
    numbers,
    render_html,
    render_index,
    render_json,
    snapshot_from_json,
)
from okr_pipeline_tests.rendering import factory
from okr_pipeline_tests.rendering.reading import Element, cells, read

WEEK = factory.week()
HTML = render_html(WEEK).decode()
PAGE = read(HTML)
ROWS = {row.id: row for cycle in WEEK.cycles for aim in cycle.objectives for row in aim.key_results}
PLAIN = factory.snapshot_of(
    [factory.cycle("2013-Q2", factory.QUARTER, [factory.objective("2013-Q2/o", [factory.key_result()])])]
)


def page_of(snapshot: Snapshot) -> Element:
    return read(render_html(snapshot).decode())


def section(page: Element, anchor: str) -> str:
    return re.sub(r"\s+", " ", page.one("section", id=anchor).text)


def expected_cells(row: KeyResultRow) -> dict[str, str]:
    unit = numbers.shown_unit(row.measure, row.unit, target=row.target, baseline=row.baseline)
    return {
        "Now": numbers.quantity(row.value, unit, apart_from=row.target),
        "Plan today": numbers.quantity(row.plan_value, unit, apart_from=row.target),
        "Target": numbers.quantity(row.target, unit),
        "Progress": numbers.percent(row.progress),
        "Gap": numbers.points(row.gap),
        "Δ week": numbers.points(row.gap_change),
        "Data age": numbers.age(row.data_age_hours),
    }


def number_in(text: str) -> float:
    """The figure in a text, read by other code than wrote it; percent as they are, magnitudes undone."""
    digits = re.search(r"[\d,.]+", text)
    assert digits, text
    size = float(digits.group().replace(",", "")) * {"M": 1e6, "B": 1e9}.get(text[digits.end() : digits.end() + 1], 1)
    return -size if "−" in text else size


@pytest.mark.parametrize("id_", ROWS)
def test_every_figure_of_the_table_is_the_snapshots(id_):
    shown = cells(PAGE.one("tr", id=anchor_of(id_)))
    assert shown == expected_cells(ROWS[id_])


@pytest.mark.parametrize("id_", ROWS)
def test_every_figure_read_back_is_the_snapshots_within_its_rounding(id_):
    row, shown = ROWS[id_], cells(PAGE.one("tr", id=anchor_of(id_)))
    facts = {
        "Now": row.value,
        "Target": row.target,
        "Plan today": row.plan_value,
        "Progress": row.progress,
        "Gap": row.gap,
        "Δ week": row.gap_change,
    }
    for label, fact in facts.items():
        assert (shown[label] == numbers.UNKNOWN) == (fact is None)
        if fact is not None:
            scale = 100 if (shown[label].endswith(("%", "pts")) and label != "Now") or "%" in shown[label] else 1
            assert number_in(shown[label]) == pytest.approx(fact * scale, rel=0.005, abs=0.5 if scale == 100 else 0.005)


@pytest.mark.parametrize("id_", ROWS)
def test_the_dot_of_the_row_is_its_progress(id_):
    row = ROWS[id_]
    svg = PAGE.one("tr", id=anchor_of(id_)).one("svg", cls="spark")
    dots = [*svg.all("circle"), *(path for path in svg.all("path") if "f-" in path.attributes["class"])]
    assert bool(dots) == any(point.progress is not None for point in row.track)
    if row.progress is not None:
        assert dots[0].has(cls=f"f-{row.status}")
        assert numbers.percent(row.progress) in svg.attributes["aria-label"]


@pytest.mark.parametrize("id_", ROWS)
def test_a_status_is_a_shape_and_a_word(id_):
    badge = PAGE.one("tr", id=anchor_of(id_)).one("span", cls=f"s-{ROWS[id_].status}")
    assert badge.text == ROWS[id_].status.replace("_", " ")
    assert badge.one("use").attributes["href"] == f"#g.{ROWS[id_].status}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "11.5\xa0min to 13.5\xa0min at the end, chance <1\u202f%"),
        ({"value_low": 10.0, "value_high": 10.0, "probability": 1.0}, "10\xa0min at the end, chance >99\u202f%"),
    ],
)
def test_a_forecast_is_told_below_the_title_and_never_as_a_certainty(changes, said):
    row = factory.key_result(forecast=factory.forecast(**changes))
    objective = factory.objective("2013-Q2/o", [row])
    page = page_of(factory.snapshot_of([factory.cycle("2013-Q2", factory.QUARTER, [objective])]))
    assert said in page.one("tr", id=anchor_of(row.id)).one("th").text


def test_the_counts_are_the_snapshots():
    chips = PAGE.one("section", cls="lead").one("ul", cls="chips").all("li")
    shown = [(re.sub(r"\s+", " ", chip.text).strip()) for chip in chips]
    assert shown == [f"{number} {status.replace('_', ' ')}" for status, number in WEEK.counts if number]


def test_the_page_is_read_from_the_sentence_to_the_proof():
    anchors = [one.attributes.get("id") for one in PAGE.all("section")]
    assert anchors == [
        None,
        "behind",
        "changed",
        "trust",
        "cycle-2013-Q2",
        "cycle-2013",
        "cycle-2013-S10",
        "health",
        "method",
    ]
    assert PAGE.one("p", cls="headline").text == WEEK.headline


def test_what_is_behind_comes_furthest_first_with_its_numbers():
    cards = list(PAGE.one("ol", cls="cards").children)
    cards = [card for card in cards if isinstance(card, Element)]
    for id_, card in zip(WEEK.behind, cards, strict=True):
        row, figures = ROWS[id_], [one.text.strip() for one in card.all("dd")]
        wanted = expected_cells(row)
        assert card.one("h3").text == row.title
        assert figures == [wanted[label] for label in ("Now", "Plan today", "Target", "Gap")]
        assert row.explanation in card.text
        assert row.owner in card.text
        assert card.one("svg", cls="burnup")


@pytest.mark.parametrize(
    ("check_in", "said"),
    [
        (
            factory.check_in(note="It rains.", finding="Rain matters."),
            "Last check-in by ada@harbour.example, 16 May, confidence 30\u202f%: It rains. Rain matters.",
        ),
        (
            factory.check_in(on=date(2012, 5, 16), confidence=None),
            "Last check-in by ada@harbour.example, 16 May 2012",
        ),
        (None, "Nobody has checked in on it."),
    ],
)
def test_what_is_behind_says_what_people_last_said_of_it(check_in, said):
    row = factory.key_result(status="behind", progress=0.1, check_in=check_in)
    objective = factory.objective("2013-Q2/o", [row])
    cycles = [factory.cycle("2013-Q2", factory.QUARTER, [objective])]
    page = page_of(factory.snapshot_of(cycles, check_ins=CheckInRate(0, 1)))
    assert re.sub(r"\s+", " ", page.one("ol", cls="cards").one("p", cls="small").text) == said.replace("\u202f", " ")


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (CheckInRate(5, 1200), "Checked in by people, as often as agreed: 5 of 1,200 running key results."),
        (CheckInRate(0, 1), "Checked in by people, as often as agreed: 0 of 1 running key result."),
    ],
)
def test_the_rate_of_check_ins_is_told_where_people_check_in(rate, said):
    assert said in section(page_of(dataclasses.replace(PLAIN, check_ins=rate)), "trust")
    assert "Checked in" not in section(page_of(PLAIN), "trust")


def test_many_behind_are_listed_by_name_after_the_first_few():
    page = page_of(factory.many(100))
    cards = [one for one in page.one("ol", cls="cards").children if isinstance(one, Element)]
    listed = page.one("section", id="behind").one("ul", cls="also")
    assert len(cards) + len(list(listed.all("li"))) == 20


def crowd(number: int) -> Snapshot:
    """A snapshot in which so many are behind, twice as many are unknown, and all were on track or at risk a week ago."""
    statuses = ["behind"] * number + ["unknown"] * 2 * number
    rows = [
        factory.key_result(f"c/k{index}", title=f"Aim {index}", status=status, previous_status="at_risk", reason=None)
        for index, status in enumerate(reversed(statuses))
    ]
    return factory.snapshot_of([factory.cycle("c", factory.QUARTER, [factory.objective("c/o", rows)])])


def items(page: Element, section: str) -> list[str]:
    """The rows of the first plain list of a section."""
    found, *_ = [one for one in page.one("section", id=section).all("ul") if "plainlist" in one.attributes["class"]]
    return [one.text for one in found.all("li")]


def test_lists_of_a_large_company_end_after_fifty_and_say_how_many_are_left():
    page = page_of(crowd(1300))
    behind, changed, unknown = (items(page, section) for section in ("behind", "changed", "trust"))
    assert (len(behind), len(changed), len(unknown)) == (50, 50, 50)
    assert "And 1,242 more, in the tables below." in section(page, "behind")
    assert all(text.endswith("at risk → behind") for text in changed)
    assert "And 3,850 more; in the tables below stands what each was." in section(page, "changed")
    assert "And 2,550 more, in the tables below." in section(page, "trust")
    assert len(list(page.all("tr", cls="kr"))) == 3900


def test_lists_that_are_whole_say_nothing_of_more():
    page = page_of(crowd(16))
    assert (len(items(page, "changed")), len(items(page, "trust"))) == (48, 32)
    assert not re.search(r"And \d+ more", page.text)


def test_nothing_behind_is_said_in_words():
    assert "No key result is behind its plan." in section(page_of(PLAIN), "behind")


def test_what_cannot_be_told_is_not_said_to_be_well():
    dark = dataclasses.replace(PLAIN, counts=(("unknown", 29), ("achieved", 1)))
    said = "No key result is known to be behind its plan; 29 cannot be told."
    assert said in section(page_of(dark), "behind")


def test_what_ended_short_is_told_where_nothing_is_behind():
    missed = dataclasses.replace(PLAIN, counts=(("missed", 6), ("achieved", 1)))
    said = "No key result that still runs is behind its plan; 6 ended short of their targets."
    assert said in section(page_of(missed), "behind")


def test_transitions_say_before_and_after():
    shown = section(PAGE, "changed")
    for change in WEEK.transitions:
        assert f"{change.title}{change.before.replace('_', ' ')} → {change.after.replace('_', ' ')}" in shown


def test_what_was_taken_out_is_told_with_its_last_status():
    week = dataclasses.replace(PLAIN, removed=(Removed("c/k", "Sell <more>", "behind", date(2013, 5, 17)),))
    shown = section(page_of(week), "changed")
    assert "Sell <more>behind → taken out after 17 May, and in no score any more" in shown
    assert "No status changed." not in shown


def test_an_unchanged_week_says_so():
    assert "No status changed." in section(page_of(PLAIN), "changed")


def test_a_first_week_has_nothing_to_compare_with():
    first = factory.key_result(previous_status=None, previous_progress=None, gap_change=None)
    page = page_of(factory.snapshot_of([factory.cycle("c", factory.QUARTER, [factory.objective("c/o", [first])])]))
    assert "There is no earlier week to compare with." in section(page, "changed")
    assert "No status changed" not in section(page, "changed")


@pytest.mark.parametrize(("status", "moved"), [("on_track", True), ("paused", False), ("cancelled", False)])
def test_what_is_not_pursued_gains_nothing_on_plan(status, moved):
    row = dataclasses.replace(factory.key_result(), status=status, gap_change=0.5)
    objective = factory.objective("2013-Q2/o", [row])
    shown = section(page_of(factory.snapshot_of([factory.cycle("2013-Q2", factory.QUARTER, [objective])])), "changed")
    assert ("Gained most on plan" in shown) is moved


def test_movers_are_by_gap_to_plan_and_ignore_what_did_not_move():
    shown = section(PAGE, "changed")
    assert re.search(r"Gained most on plan Earn \$4\.2M from extra-legroom seats\+14\spts", shown)
    assert re.search(r"Lost most on plan A year's growth in a week−190\spts", shown)
    assert "Fly 340,000 flights" not in shown


def test_trust_names_every_doubt():
    shown = section(PAGE, "trust")
    assert (
        "Not all of them. 3 of 4 sources not up to date, 1 value refused, 1 check failed and 2 key results unknown. 1 value still provisional."
        in shown
    )
    for source in WEEK.sources:
        assert source.state.replace("_", " ") in shown
        assert source.detail in shown
    assert "1301 minutes is above the largest value allowed, 300" in shown
    assert "data too old" in shown


def test_trust_without_doubt_says_yes():
    healthy = dataclasses.replace(WEEK.sources[0], quarantined=0)
    page = page_of(dataclasses.replace(PLAIN, sources=(healthy,)))
    assert "Yes. The source is up to date, no value was refused, no check failed." in section(page, "trust")


def test_refused_values_beyond_the_first_fifty_are_counted():
    refused = tuple(
        dataclasses.replace(WEEK.quarantined[0], period_start=factory.AS_OF - timedelta(days=n)) for n in range(60)
    )
    assert "And 10 more." in section(page_of(dataclasses.replace(PLAIN, quarantined=refused)), "trust")


def test_kpi_health_shows_the_snapshots_figures_with_the_last_weeks():
    page = page_of(WEEK)
    section = page.one("section", id="health")
    assert "2 of 7 KPIs are outside their healthy band, 1 is unknown; 2 reviews are open." in section.text
    rows = [row for row in section.all("tr") if list(row.all("td"))]
    assert len(rows) == len(WEEK.health)
    for row, it in zip(rows, WEEK.health, strict=True):
        unit = bands.band_unit(it.unit, it.low, it.high)
        bound = it.high if (it.distance or 0) > 0 else it.low
        shown = cells(row)
        assert it.name in row.text
        assert shown["Value"] == numbers.quantity(it.value, unit, apart_from=bound)
        assert shown["Healthy"] == bands.band_words(it.low, it.high, unit)
        assert shown["Review"] == ("none" if it.review_since is None else "open since 16 May")
        weeks = [week.text for week in row.one("ul", cls="trail").all("li")]
        assert len(weeks) == len(it.stretches)
        for said, stretch in zip(weeks, it.stretches, strict=True):
            assert numbers.quantity(stretch.value, unit, apart_from=it.high or it.low) in said
            assert (f"{stretch.outside} of {stretch.periods} outside" in said) == (stretch.outside > 0)


def test_a_kpi_that_is_well_has_no_line_and_one_without_band_no_judgement():
    section = page_of(dataclasses.replace(WEEK, health=(), health_counts=(("healthy", 4),))).one("section", id="health")
    assert "All 4 KPIs are inside their healthy band." in section.text
    assert not list(section.all("table"))
    section = page_of(dataclasses.replace(WEEK, health=(), health_counts=())).one("section", id="health")
    assert "No metric has a healthy band." in section.text


def test_a_state_that_is_none_of_a_kpi_is_refused():
    with pytest.raises(SnapshotError, match="state 'fine' of a KPI does not exist"):
        page_of(dataclasses.replace(WEEK, health=(factory.health_row(state="fine"),)))


def test_an_unknown_objective_says_why_and_what_is_possible():
    row = PAGE.one("tr", id="objective-2013-Q2-learn").text.replace("\u202f", " ")
    assert "too many periods missing · 0 % to 67 % possible, as 33 % of its weight is known" in row


def test_objectives_stand_below_what_they_are_aligned_to():
    rows = list(PAGE.one("section", id="cycle-2013-Q2").all("tr", cls="objective"))
    assert [row.attributes["class"].split()[-1] for row in rows] == ["depth-0", "depth-1", "depth-2", "depth-0"]


def test_rendering_again_gives_the_same_bytes():
    assert render_html(factory.week()).decode() == HTML
    assert render_html(snapshot_from_json(render_json(WEEK))).decode() == HTML


def test_the_page_names_its_snapshot():
    assert content_hash(render_json(WEEK))[:12] in PAGE.one("footer").text


def shape(page: Element) -> Counter[tuple[str, ...]]:
    """Elements and the names of their attributes: what text must never add to."""
    return Counter((one.name, *sorted(one.attributes)) for one in page.all())


@pytest.mark.parametrize("text", factory.HOSTILE)
def test_hostile_text_is_text_in_every_field(text):
    page, harmless = page_of(factory.hostile(text)), page_of(factory.hostile("harmless"))
    assert shape(page) == shape(harmless)
    assert page.one("p", cls="headline").text == text.replace("\x00", "\ufffd").replace("\x1b", "\ufffd")


@pytest.mark.parametrize("text", factory.HOSTILE)
def test_hostile_ids_become_anchors_and_stay_links(text):
    row = dataclasses.replace(factory.key_result(status="behind", progress=0.1), id=f"2013-Q2/{text}")
    objective = factory.objective(f"2013-Q2/{text}", [row])
    page = page_of(factory.snapshot_of([factory.cycle("2013-Q2", factory.QUARTER, [objective])]))
    assert page.one("tr", id=anchor_of(row.id))
    assert_links_lead_somewhere(page)


def assert_links_lead_somewhere(page: Element) -> None:
    ids = [one.attributes["id"] for one in page.all() if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    for link in [*page.all("a"), *page.all("use")]:
        if link.attributes["href"].startswith("#"):
            assert link.attributes["href"][1:] in ids
    for one in page.all():
        if "aria-labelledby" in one.attributes:
            assert one.attributes["aria-labelledby"] in ids


@pytest.mark.parametrize("snapshot", [WEEK, factory.many(60), factory.snapshot_of([])], ids=["week", "many", "empty"])
def test_ids_are_unique_and_links_lead_somewhere(snapshot):
    assert_links_lead_somewhere(page_of(snapshot))


def test_no_id_takes_the_place_of_one_of_the_pages_own():
    ids = ("g/behind", "main/x", "behind/h", "objective/2013-Q2-o", "cycle/2013-h")
    rows = [factory.key_result(id_) for id_ in ids]
    objective = factory.objective("2013-Q2/o", rows)
    cycles = [
        factory.cycle("2013-Q2", factory.QUARTER, [objective]),
        factory.cycle("2013-Q2-h", factory.YEAR, []),
        factory.cycle("main", factory.YEAR, []),
    ]
    assert_links_lead_somewhere(page_of(factory.snapshot_of(cycles)))


def test_anchors_do_not_move_when_the_week_does():
    later = dataclasses.replace(WEEK, cycles=WEEK.cycles[::-1], week="2013-W21")
    assert {row.attributes["id"] for row in page_of(later).all("tr", cls="kr")} == {
        row.attributes["id"] for row in PAGE.all("tr", cls="kr")
    }


def test_the_page_asks_for_nothing_and_runs_nothing():
    policy = PAGE.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert not list(PAGE.all("script"))
    assert not [name for one in PAGE.all() for name in one.attributes if name.startswith("on") or name == "src"]
    assert not re.findall(r"https?:|url\(|@import|@font-face", HTML)


def test_the_outline_has_one_title_and_skips_no_level():
    levels = [int(one.name[1]) for one in PAGE.all() if re.fullmatch(r"h[1-6]", one.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_landmarks_language_and_a_way_past_the_top():
    assert PAGE.one("html").attributes["lang"] == "en"
    for name in ("header", "main", "footer", "title"):
        assert PAGE.one(name)
    body = [one for one in PAGE.one("body").children if isinstance(one, Element)]
    assert body[0].attributes["href"] == "#main"


def test_tables_have_captions_and_scoped_headers():
    for table in PAGE.all("table"):
        assert table.one("caption")
        assert all(header.attributes["scope"] in {"col", "row", "rowgroup"} for header in table.all("th"))
        columns = len(list(table.one("thead").all("th")))
        for row in table.all("tr"):
            heads, data = list(row.all("th")), list(row.all("td"))
            assert sum(int(cell.attributes.get("colspan", 1)) for cell in [*heads, *data]) == columns


def test_every_picture_has_words():
    for svg in PAGE.all("svg"):
        hidden = svg.attributes.get("aria-hidden") == "true"
        assert hidden or (svg.attributes["role"] == "img" and svg.attributes["aria-label"])


def test_an_unknown_figure_is_heard_as_unknown():
    row = PAGE.one("tr", id="2013-Q2-ewr-weather")
    now = next(cell for cell in row.all("td") if cell.attributes.get("data-label") == "Now")
    hidden = next(one for one in now.all("span") if one.attributes.get("aria-hidden") == "true")
    heard = now.one("span", cls="vh")
    assert (hidden.text, heard.children) == ("–", ["unknown"])
    assert "was 56.1" in now.text


def test_what_was_known_last_has_its_age_where_that_is_told_nowhere_else():
    row = factory.key_result(
        status="unknown", reason="no_observation", last_good_value=3, last_good_age_hours=792, data_age_hours=None
    )
    objective = factory.objective("2013-Q2/o", [row])
    page = page_of(factory.snapshot_of([factory.cycle("2013-Q2", factory.QUARTER, [objective])]))
    assert ", 33\u00a0d ago" in page.one("tr", cls="kr").text


def test_the_archive_is_linked_only_where_there_is_one():
    assert not list(PAGE.one("footer").all("a"))
    page = read(render_html(WEEK, links=PageLinks(index="../index.html", previous="../2013-W19/index.html")).decode())
    assert [one.attributes["href"] for one in page.one("footer").all("a")] == [
        "../2013-W19/index.html",
        "../index.html",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "javascript:alert(1)",
        "https://example.com/",
        "//example.com",
        "/etc/passwd",
        "a\nb",
        "",
        "\\\\host\\x",
        " javascript:alert(1)",
    ],
)
def test_links_that_leave_the_archive_are_refused(path):
    with pytest.raises(SnapshotError, match="is not a relative path"):
        render_index([ArchiveEntry("2013-W20", "x", (), path)])
    if path:
        with pytest.raises(SnapshotError, match="is not a relative path"):
            render_html(WEEK, links=PageLinks(index=path))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"behind": ("2013-Q2/nobody",)}, "'2013-Q2/nobody' is named as behind"),
        ({"timezone": "Mars/Olympus"}, "time zone 'Mars/Olympus' does not exist"),
        ({"timezone": "../etc"}, "time zone '../etc' does not exist"),
        ({"counts": (("splendid", 3),)}, "status 'splendid' does not exist"),
    ],
)
def test_a_snapshot_that_contradicts_itself_is_refused(change, told):
    with pytest.raises(SnapshotError, match=re.escape(told)):
        render_html(dataclasses.replace(WEEK, **change))


def test_a_number_that_is_none_is_refused_by_its_field():
    row = dataclasses.replace(factory.key_result(), gap=float("nan"))
    snapshot = factory.snapshot_of([factory.cycle("c", factory.QUARTER, [factory.objective("c/o", [row])])])
    with pytest.raises(SnapshotError, match=re.escape("key_results[0].gap must be a finite number")):
        render_html(snapshot)


def test_a_project_without_objectives_is_a_page():
    page = page_of(factory.snapshot_of([factory.cycle("2013-Q2", factory.QUARTER, [])], headline="Nothing is planned."))
    assert "No objective is set for this cycle." in section(page, "cycle-2013-Q2")


ENTRIES = [
    ArchiveEntry("2013-W19", "All well.", (("on_track", 1234),), "2013-W19/index.html"),
    ArchiveEntry(
        "2013-W20", "<b>One</b> is behind.", (("behind", 1), ("unknown", 0), ("on_track", 15)), "2013-W20/index.html"
    ),
    ArchiveEntry("2012-W52", "The first.", (), "2012-W52/index.html"),
]


def test_the_index_lists_weeks_newest_first():
    page = read(render_index(ENTRIES, project="Harbour Air"))
    assert [(one.text, one.attributes["href"]) for one in page.one("main").all("a")] == [
        ("2013-W20", "2013-W20/index.html"),
        ("2013-W19", "2013-W19/index.html"),
        ("2012-W52", "2012-W52/index.html"),
    ]
    first = next(one for one in page.one("ol", cls="weeks").children if isinstance(one, Element))
    assert "<b>One</b> is behind." in first.text
    assert [re.sub(r"\s+", " ", chip.text).strip() for chip in first.one("ul").all("li")] == ["1 behind", "15 on track"]


def test_an_empty_index_says_so():
    assert "No scorecard has been written yet." in read(render_index([])).one("main").text


def test_the_index_does_not_depend_on_the_order_it_is_given():
    assert render_index(ENTRIES) == render_index(ENTRIES[::-1])
