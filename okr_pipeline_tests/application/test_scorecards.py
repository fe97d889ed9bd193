"""When a week's page is published anew, and that its files are there whatever happened to them."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256

import pytest

from okr_pipeline.application import scorecards
from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scorecards import write_scorecard, write_week
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.snapshotting import explanation, headline, take_snapshot
from okr_pipeline.rendering import render_html, snapshot_from_json
from okr_pipeline_tests.projects import METRICS, OKRS, january
from okr_pipeline_tests.rendering.factory import key_result

MORNING = datetime(2026, 1, 31, 6, tzinfo=UTC)


@pytest.fixture
def store_url(tmp_path):
    """One kind of store: nothing here depends on it."""
    return f"sqlite:///{tmp_path / 'okr.db'}"


@pytest.fixture
def publish(small):
    """A run's scorecard at an instant, after reading and scoring."""

    return partial(publish_of, small)


def publish_of(small, as_of, kind="run"):
    workspace = small.open()
    run = Run(f"run-{as_of:%m%d%H}-{kind}", as_of, kind)
    observe(workspace, "sheets", run=run)
    score_and_record(workspace, run)
    return write_scorecard(workspace, run)


@pytest.fixture
def published(small, done_once):
    """Published this morning."""
    return done_once(small, publish_in_the_morning)


def publish_in_the_morning(small):
    publish_of(small, MORNING)


def revisions(small):
    weeks = small.open().store.scorecards()
    return dict(zip(weeks["week"], weeks["revision"], strict=True))


def snapshot_of(project, written):
    """The snapshot of a week as the store has it."""
    return snapshot_from_json(project.open().store.scorecard(written.week))


def test_hours_alone_publish_nothing(small, publish):
    assert publish(MORNING).changed
    again = publish(MORNING + timedelta(hours=5))
    assert not again.changed
    assert snapshot_of(small, again).as_of == MORNING
    assert revisions(small) == {"2026-W05": 1}


def test_a_value_that_changed_is_published(published, publish):
    published.write(january() | {date(2026, 1, 30): 20})
    assert publish(MORNING + timedelta(hours=5)).changed
    assert revisions(published) == {"2026-W05": 2}


def test_what_is_behind_is_told_with_its_share_of_the_plan_written_as_all_shares_are():
    record = {"status": "behind", "reason": None, "measure": "reach", "progress": 0.02, "expected_progress": 0.4}
    assert explanation(record) == "It has made 5\u202f% of the progress planned by now."


def test_another_day_is_published(small, publish):
    publish(MORNING - timedelta(days=1))
    assert publish(MORNING).changed
    assert revisions(small) == {"2026-W05": 2}


def test_a_source_that_fails_is_published_though_no_value_changed(published, publish):
    (published.directory / "config/data/signups.csv").unlink()
    told = publish(MORNING + timedelta(hours=5))
    assert told.changed
    assert [source.state for source in snapshot_of(published, told).sources] == ["failed"]


def test_another_reason_of_a_failure_is_published(published, publish):
    file = published.directory / "config/data/signups.csv"
    file.unlink()
    publish(MORNING + timedelta(hours=4))
    file.write_text("elsewhere\n1\n")
    assert publish(MORNING + timedelta(hours=5)).changed
    assert not publish(MORNING + timedelta(hours=6)).changed


def test_a_changed_definition_is_published(published, publish):
    published.put("okrs/q1.yaml", (published.directory / "config/okrs/q1.yaml").read_text().replace("900}", "800}"))
    assert publish(MORNING + timedelta(hours=5)).changed


def test_a_key_result_that_is_taken_out_is_told_for_a_week(published, publish):
    other = OKRS.replace("signups:\n        title: Win 900 sign-ups", "others:\n        title: Win 800 more")
    published.put(
        "okrs/q1.yaml",
        other.replace("to: 900", "to: 800").replace("title: Win", "renamed_from: null\n        title: Win"),
    )
    told = snapshot_of(published, publish(MORNING + timedelta(hours=5)))
    assert [(it.key_result, it.title, it.scored_on) for it in told.removed] == [
        ("2026-Q1/signups", "Win 900 sign-ups", date(2026, 1, 31))
    ]
    assert told.removed[0].status == "on_track"
    later = snapshot_of(published, publish(MORNING + timedelta(days=8)))
    assert later.removed == ()


def test_what_was_cancelled_before_it_is_taken_out_is_not_told_again(published, publish):
    text = (published.directory / "config/okrs/q1.yaml").read_text()
    more = text.replace(
        "    key_results:\n",
        """    key_results:
      gone: {title: Win 5, owner: a@small.example, metric: signups, measure: {accumulate: {to: 5}}, STATE}
""",
    )
    published.put("okrs/q1.yaml", more.replace("STATE", "state: cancelled, state_reason: Nobody needs it"))
    publish(MORNING + timedelta(hours=5))
    published.put("okrs/q1.yaml", text)
    assert snapshot_of(published, publish(MORNING + timedelta(hours=6))).removed == ()


def test_a_reconstruction_is_replaced_by_what_is_published_at_the_time(small, publish):
    rebuilt = publish(MORNING, kind="backfill")
    assert snapshot_of(small, rebuilt).notes != ()
    live = publish(MORNING + timedelta(hours=5))
    assert live.changed
    assert not any(note.startswith("Reconstructed") for note in snapshot_of(small, live).notes)


@pytest.mark.parametrize(
    ("measure", "said"),
    [("{accumulate: {to: 900}}", False), ("{reach: {from: 0, to: 90}}\n        over: trailing 7 days", True)],
)
def test_a_page_with_a_trailing_sum_says_what_a_lag_does_to_it(small, publish, measure, said):
    small.put("okrs/q1.yaml", OKRS.replace("{accumulate: {to: 900}}", measure))
    notes = snapshot_of(small, publish(MORNING)).notes
    assert any("A sum over the last days or weeks lacks what is late" in note for note in notes) == said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (january(), "0 of 1 key results are on track or achieved; 1 was missed."),
        (january(1000), "1 of 1 key results is on track or achieved."),
    ],
)
def test_what_ended_short_of_its_target_is_in_the_headline(small, publish, values, said):
    small.write(values).put("okrs/q1.yaml", OKRS.replace("2026-03-31", "2026-01-30"))
    assert publish(MORNING).headline == said


def test_the_headline_of_a_large_company_writes_thousands_as_the_counts_do():
    statuses = {"on_track": 7340, "behind": 1700, "missed": 1200, "unknown": 1001}
    rows = [
        key_result(f"c/{status}-{number}", status=status) for status in statuses for number in range(statuses[status])
    ]
    worst = rows[7340].title
    assert headline(rows) == (
        f"7,340 of 11,241 key results are on track or achieved; 1,700 are behind, most of all “{worst}”; "
        "1,200 were missed; 1,001 cannot be told."
    )


def test_a_source_counts_the_key_results_that_the_page_speaks_of(small, publish):
    """Of those of the quarter before nothing is on it."""
    earlier = OKRS.replace("2026-Q1", "2025-Q4").replace("2026-01-01", "2025-10-01").replace("2026-03-31", "2025-12-31")
    small.put("okrs/q4.yaml", earlier)
    assert [it.key_results for it in snapshot_of(small, publish(MORNING)).sources] == [1]


@pytest.mark.parametrize(("week", "said"), [("2026-W06", "begins on 2026-02-02"), ("2026W05", "not an ISO week")])
def test_a_week_that_has_not_begun_is_refused_and_not_the_current_one_written(small, publish, week, said):
    publish(MORNING)
    with pytest.raises(UsageError, match=said):
        write_week(small.open(), week)


def test_files_that_are_lost_are_written_again_as_they_were(small, publish):
    publish(MORNING - timedelta(days=7))
    publish(MORNING)
    lost = ["2026-W04/index.html", "2026-W05/scorecard.json", "latest/scorecard.json.sha256"]
    paths = [small.directory / "scorecards" / name for name in lost]
    before = [path.read_bytes() for path in paths]
    for path in paths:
        path.unlink()
    publish(MORNING + timedelta(hours=5))
    assert [path.read_bytes() for path in paths] == before


def test_a_page_that_was_not_finished_is_written_by_the_next_run_though_nothing_changed(small, publish, monkeypatch):
    week = publish(MORNING).path.parent
    small.write(january() | {date(2026, 1, 30): 20})
    with monkeypatch.context() as patched:
        patched.setattr(scorecards, "render_html", _full_disk)
        with pytest.raises(OSError, match="disk is full"):
            publish(MORNING + timedelta(hours=1))
    assert not (week / scorecards.CHECKSUM).exists()
    again = publish(MORNING + timedelta(hours=2))
    assert not again.changed
    assert (week / "index.html").read_bytes() == render_html(snapshot_of(small, again))
    digest = sha256((week / "scorecard.json").read_bytes()).hexdigest()
    assert (week / scorecards.CHECKSUM).read_text().split()[0] == digest


def _full_disk(*_, **__):
    raise OSError("disk is full")


def test_the_archive_lists_each_week_with_its_sentence(small, publish):
    first = publish(MORNING - timedelta(days=7))
    second = publish(MORNING)
    page = (small.directory / "scorecards" / "index.html").read_text()
    assert page.index("2026-W05") < page.index("2026-W04")
    assert first.headline in page
    assert second.headline in page


def test_what_could_not_be_read_a_week_ago_either_is_not_told_to_have_turned_unknown(small):
    """The instants are told by the store, whose clock says when a read failed."""
    for name, text in (("metrics/signups.yaml", METRICS.format(expect="{min: 0}")), ("okrs/q1.yaml", OKRS)):
        small.put(name, text.replace("freshness: 3d", "freshness: 9999d").replace("2026-03-31", "2099-12-31"))
    small.observe("first")
    (small.directory / "config/data/signups.csv").unlink()
    small.observe("second")
    workspace = small.open()
    failed_at = workspace.store.known_until()

    def turned(days):
        return [(it.before, it.after) for it in take_snapshot(workspace, failed_at + timedelta(days=days)).transitions]

    assert turned(5) == [("on_track", "unknown")]
    assert turned(8) == []


def test_a_page_of_what_was_known_while_a_source_failed_says_that_it_failed(small):
    small.observe("first")
    score_and_record(small.open(), Run("scored", small.open().as_of()))
    data = small.directory / "config/data/signups.csv"
    text = data.read_text()
    data.unlink()
    small.observe("second")
    failing = small.open().store.known_until()
    data.write_text(text)
    small.observe("third")
    write_week(small.open(), "2026-W05", out=small.directory / "out", form="json", known_at=failing)
    shown = snapshot_from_json((small.directory / "out/2026-W05/scorecard.json").read_text())
    [source] = shown.sources
    [row] = shown.cycles[0].objectives[0].key_results
    assert (source.state, row.status, row.reason) == ("failed", "unknown", "source_failed")
    assert (
        shown.notes[-1] == "Reconstructed: this week was not published by then; it is shown from what was known then."
    )
    assert [it.state for it in take_snapshot(small.open(), small.open().as_of()).sources] == ["ok"]
