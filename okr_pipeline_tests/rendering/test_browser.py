"""The page in a real browser: nothing overflows, nothing is asked for, nothing complains."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from okr_pipeline.rendering import ArchiveEntry, PageLinks, render_html, render_index
from okr_pipeline_tests.rendering import factory
from okr_pipeline_tests.rendering.chromium import Browser, chromium, executable

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(executable() is None, reason="no Chromium on the path (apt-get install chromium)"),
]

WIDTHS = [320, 390, 768, 1024, 1280, 1920]
PAGES = {
    "week": render_html(factory.week(), links=PageLinks(index="../index.html")),
    "empty": render_html(factory.snapshot_of([], headline="Nothing is planned.")),
    "index": render_index([ArchiveEntry("2013-W20", "All well.", (("on_track", 3),), "2013-W20/index.html")]).encode(),
    **{f"hostile {number}": render_html(factory.hostile(text)) for number, text in enumerate(factory.HOSTILE)},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path):
    def opened(name: str, **how: object) -> Browser:
        page = tmp_path / "page.html"
        page.write_bytes(PAGES[name])
        browser.open(page, **how)  # type: ignore[arg-type]
        return browser

    return opened


@pytest.mark.parametrize("name", PAGES)
def test_no_width_scrolls_sideways(open_page, name):
    browser, found = open_page(name, width=WIDTHS[0]), {}
    for width in WIDTHS:
        browser.resize(width)
        found[width] = browser.evaluate("document.documentElement.scrollWidth")
    assert found == {width: width for width in WIDTHS}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_runs_nothing_asks_for_nothing_and_complains_of_nothing(open_page, name):
    browser = open_page(name, width=1280)
    browser.evaluate("new Promise(done => setTimeout(done, 50))")
    assert browser.complaints() == []
    assert [url for url in browser.requests() if not url.endswith("/page.html")] == []
    assert len(browser.requests()) == 1


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_can_be_seen_in_both_schemes(open_page, tmp_path, width, dark):
    browser = open_page("week", width=width, dark=dark)
    paper = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(20, 22, 26)" if dark else "rgb(251, 250, 247)")
    browser.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 50_000


def test_a_wide_page_has_a_table_and_a_phone_has_cards(open_page):
    script = "getComputedStyle(document.querySelector('tr.kr')).display"
    assert open_page("week", width=1280).evaluate(script) == "table-row"
    assert open_page("week", width=390).evaluate(script) == "grid"


def test_titles_have_room_at_every_width(open_page):
    """The first column of the table takes what the others leave; below ten letters it broke words into single ones."""
    script = """(() => {
        const titles = [...document.querySelectorAll('tr.kr > th')];
        const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
        return Math.min(...titles.map(title => title.getBoundingClientRect().width / rem));
    })()"""
    browser = open_page("week", width=320)
    narrow = {}
    for width in range(320, 1480, 20):
        browser.resize(width)
        if (rem := browser.evaluate(script)) < 9:
            narrow[width] = rem
    assert narrow == {}


@pytest.mark.parametrize("width", [1280, 390])
def test_tables_stay_tables_for_a_screen_reader(open_page, width):
    nodes = open_page("week", width=width).call("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node.get("ignored")]
    assert roles.count("table") == 6
    assert roles.count("rowheader") >= len(list(factory.week().cycles[0].objectives)) + 14
    assert roles.count("image") >= 22


def test_labels_of_cards_are_not_heard_twice(open_page):
    nodes = open_page("week", width=390).call("Accessibility.getFullAXTree")["nodes"]
    heard = [
        node.get("name", {}).get("value")
        for node in nodes
        if node["role"]["value"] == "StaticText" and not node.get("ignored")
    ]
    assert heard.count("Plan today") <= 3 + len(factory.week().behind)


def test_the_dot_is_drawn_where_the_geometry_says(open_page):
    script = """[...document.querySelectorAll('svg.spark')].map(svg => {
        const box = svg.getBoundingClientRect(), dot = svg.querySelector('circle');
        if (!dot) return 0;
        const seen = dot.getBoundingClientRect(), scale = box.width / 1200;
        return Math.max(Math.abs((seen.left + seen.right) / 2 - box.left - dot.cx.baseVal.value * scale),
                        Math.abs((seen.top + seen.bottom) / 2 - box.top - dot.cy.baseVal.value * scale));
    })"""
    for width in (1280, 390):
        assert max(open_page("week", width=width).evaluate(script)) < 0.6


def test_the_keyboard_reaches_the_way_past_the_top_first(open_page):
    browser = open_page("week", width=1280)
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
    browser.call("Input.dispatchKeyEvent", type="keyUp", key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert (
        browser.evaluate(
            "document.activeElement.className + ' ' + (document.activeElement.getBoundingClientRect().top >= 0)"
        )
        == "skip true"
    )


def test_print_fits_the_paper(open_page, tmp_path):
    browser = open_page("week", width=688, media="print")
    assert browser.evaluate("document.documentElement.scrollWidth") == 688
    assert browser.evaluate("getComputedStyle(document.querySelector('tr.kr')).display") == "table-row"
    browser.pdf(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def test_print_is_light_even_in_the_dark(open_page):
    browser = open_page("week", width=688, media="print", dark=True)
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_large_text_does_not_overflow(open_page):
    browser = open_page("week", width=640)
    browser.evaluate("document.documentElement.style.fontSize = '200%'")
    assert browser.evaluate("document.documentElement.scrollWidth") == 640


def test_the_page_reads_without_its_style(open_page):
    browser = open_page("week", width=390)
    browser.evaluate("document.querySelector('style').remove()")
    assert factory.week().headline in browser.evaluate("document.body.innerText")


def test_a_thousand_key_results_still_open(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_bytes(render_html(dataclasses.replace(factory.many(1000))))
    browser.open(page, width=1280)
    assert browser.evaluate("document.querySelectorAll('tr.kr').length") == 1000
