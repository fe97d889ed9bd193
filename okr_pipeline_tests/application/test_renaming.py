"""What is renamed keeps its history: nothing of it is lost, and nothing moves but the id."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from okr_pipeline.application.alerts import raise_alerts
from okr_pipeline.application.amending import Amending, continued
from okr_pipeline.application.check_ins import record_by_command
from okr_pipeline.application.errors import LostHistory, UnamendedChange, UsageError
from okr_pipeline.application.finding import find
from okr_pipeline.application.health import review_metrics
from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scorecards import write_scorecard
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.telling import status
from okr_pipeline.application.workspace import Workspace, open_applied
from okr_pipeline.model.check_in import CheckIn
from okr_pipeline.store import open_store
from okr_pipeline_tests.conftest import copy_store, empty_database, hang_up
from okr_pipeline_tests.projects import METRICS, PROJECT, Small, january

OKRS = """\
cycle: {id: Q1, starts: 2026-01-08, ends: 2026-03-31}
objectives:
  grow:
    title: Be the first name people think of
    owner: ceo@small.example
    level: company
    intent: committed
    key_results:
      signups:
        title: Win 20000 sign-ups
        owner: growth@small.example
        metric: signups
        measure: {accumulate: {to: 20000}}
        amendments: [{on: 2026-01-20, to: 19000, reason: A fair is over, author: ceo@small.example}]
      weekly:
        title: A fifth more a week
        owner: growth@small.example
        metric: double
        measure: {change: {by: +20%}}
        over: trailing 7 days
      rich:
        title: Ten a day
        owner: growth@small.example
        metric: signups
        measure: {maintain: {min: 10}}
      mood:
        title: Be in good spirits
        owner: growth@small.example
        measure: {manual: {from: 0, to: 10}}
      steps:
        title: Get there step by step
        owner: growth@small.example
        measure: {milestones: [{title: A thousand, when: {metric: signups, at_least: 1000}}, {title: Ten, done_on: 2026-01-10}]}
  sell:
    title: Sell
    owner: ceo@small.example
    level: team
    intent: committed
    parent: grow
    contributes: {weight: 1}
    key_results:
      won:
        title: Win 600 sign-ups
        owner: growth@small.example
        metric: signups
        measure: {accumulate: {to: 600}}
"""
DERIVED = """\
  double:
    name: Twice as many
    formula: signups * 2
    grain: day
    unit: count
    better: higher
    rollup: sum
"""
SIGNUPS = METRICS.format(expect="{min: 0, max: 1000}") + "    healthy: {min: 12}\n"
CHECK_INS = "check_ins:\n  - {key_result: Q1/mood, on: 2026-01-12, value: 4, author: ada}\n"

Edit = Callable[[str], str]


def edited(*pairs: tuple[str, str]) -> Edit:
    def edit(text: str) -> str:
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new)
        return text

    return edit


METRIC_RENAMED = (
    edited(("metric: signups", "metric: registrations")),
    edited(
        ("  signups:\n", "  registrations:\n    renamed_from: signups\n"),
        ("formula: signups", "formula: registrations"),
    ),
)
"""What of the OKRs and of the metrics is edited when the metric that everything is about is renamed."""
ALL_RENAMED = edited(
    ("      won:\n", "      deals:\n        renamed_from: won\n"),
    ("      mood:\n", "      spirits:\n        renamed_from: mood\n"),
    ("      weekly:\n", "      fifth:\n        renamed_from: [never, weekly]\n"),
    ("  grow:\n", "  known:\n    renamed_from: grow\n"),
    ("parent: grow", "parent: known"),
)


@pytest.fixture
def small(small_on_each):
    return small_on_each


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> Small:
    """A month of everything that has a history: values, a restated one, refusals, scores, alerts, reviews, check-ins."""
    directory = tmp_path_factory.mktemp("lived")
    small = Small(directory, f"sqlite:///{directory}/okr.db").write(january())
    put(small, "2026-01-24")
    small.put("check_ins/q1.yaml", CHECK_INS)
    for number, (day, values) in enumerate(
        (("2026-01-24", {}), ("2026-01-25", {"2026-01-09": 14}), ("2026-01-31", {"2026-01-29": -1})), start=1
    ):
        put(small, day)
        deliver(small, values)
        apply(small, f"run-{number}")
        if day == "2026-01-25":
            applied, _ = open_applied(small.directory / "config", store_url=small.store_url)
            record_by_command(applied, CheckIn("Q1/mood", date(2026, 1, 23), "bob", value=6))
    small.open().store.backup(directory / "backup.db")
    return small


@pytest.fixture(scope="module")
def lived_on_server(lived: Small, postgres_server: sa.URL) -> Small:
    """The same on PostgreSQL."""
    url = empty_database(postgres_server)
    store = open_store(url)
    store.restore(lived.directory / "backup.db")
    store.close()
    return Small(lived.directory, url)


@pytest.fixture
def on_either(request: pytest.FixtureRequest, tmp_path: Path, store_url: str) -> Small:
    """A copy of it, on either kind of store."""
    on_server = sa.make_url(store_url).get_backend_name() == "postgresql"
    return _copied(request.getfixturevalue("lived_on_server" if on_server else "lived"), tmp_path, store_url)


@pytest.fixture
def project(lived: Small, tmp_path: Path) -> Small:
    """A copy of it, in a file."""
    return _copied(lived, tmp_path, f"sqlite:///{tmp_path}/okr.db")


@pytest.fixture(scope="module")
def after_rename(lived: Small, tmp_path_factory) -> Small:
    """It, after everything got another id and a run took the new ones."""
    directory = tmp_path_factory.mktemp("renamed")
    renamed = _copied(lived, directory, f"sqlite:///{directory}/okr.db")
    rename(renamed)
    apply(renamed, "renamed")
    return renamed


@pytest.fixture(scope="module")
def after_rename_on_server(lived_on_server: Small, tmp_path_factory) -> Small:
    """The same on PostgreSQL, by a run on it."""
    server = sa.make_url(lived_on_server.store_url).set(database="postgres")
    renamed = _copied(lived_on_server, tmp_path_factory.mktemp("renamed"), empty_database(server))
    rename(renamed)
    apply(renamed, "renamed")
    return renamed


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Small, Small]]:
    """What was lived and what it is after the rename, on either kind of store; tests only read from them."""
    names = ("lived_on_server", "after_rename_on_server") if request.param == "postgres" else ("lived", "after_rename")
    lived, renamed = (request.getfixturevalue(name) for name in names)
    yield lived, renamed
    hang_up(sa.make_url(lived.store_url))


@pytest.fixture
def renamed(after_rename: Small, tmp_path: Path) -> Small:
    """A copy of what it is after the rename, in a file."""
    return _copied(after_rename, tmp_path, f"sqlite:///{tmp_path}/okr.db")


def _copied(lived: Small, directory: Path, store_url: str) -> Small:
    shutil.copytree(lived.directory / "config", directory / "config")
    copy_store(sa.make_url(lived.store_url), sa.make_url(store_url))
    return Small(directory, store_url)


def put(small: Small, as_of: str, okrs: str = OKRS, metrics: str = SIGNUPS + DERIVED) -> None:
    small.put("project.yaml", PROJECT.format(as_of=as_of))
    small.put("okrs/q1.yaml", okrs)
    small.put("metrics/signups.yaml", metrics)


def deliver(small: Small, changed: dict[str, int]) -> None:
    values = {f"2026-01-{day:02}": 10 for day in range(1, 32)} | changed
    small.put(
        "data/signups.csv", "\n".join(["day,signups", *(f"{day},{it}" for day, it in sorted(values.items()))]) + "\n"
    )


def rename(small: Small, as_of: str = "2026-01-31") -> None:
    """Everything gets another id at once."""
    put(small, as_of, ALL_RENAMED(METRIC_RENAMED[0](OKRS)), METRIC_RENAMED[1](SIGNUPS + DERIVED))
    small.put("check_ins/q1.yaml", CHECK_INS.replace("Q1/mood", "Q1/spirits"))


def apply(small: Small, run_id: str) -> None:
    """One run, step by step, each as it is opened for one."""
    for step in (observe_all, score_and_record, raise_alerts, review_metrics, write_scorecard):
        take(small, run_id, step)


def score(small: Small, run_id: str, amending: Amending | None = None) -> None:
    """What of a run takes new ids and tells of them, where nothing else of it is asked for."""
    take(small, run_id, score_and_record, amending)


def take(small: Small, run_id: str, step: Callable[[Workspace, Run], object], amending: Amending | None = None) -> None:
    workspace = continued(small.open(), amending=amending)
    step(workspace, Run(run_id, workspace.as_of()))


def observe_all(workspace: Workspace, run: Run) -> None:
    observe(workspace, "sheets", run=run)


NEW = {
    '"signups"': '"registrations"', "Q1/won": "Q1/deals", "Q1/mood": "Q1/spirits", "Q1/weekly": "Q1/fifth",
    "Q1/grow": "Q1/known",
}  # fmt: skip


def translated(text: str) -> str:
    """What is told of the project with the ids that it has after `rename`."""
    for former, new in NEW.items():
        text = text.replace(f'"{former}"' if "/" in former else former, f'"{new}"' if "/" in former else new)
    return text


def told(small: Small, as_of: datetime, known_at: datetime | None) -> str:
    """Everything that the status says of an instant as known at another, but when that was asked."""
    workspace, _ = open_applied(
        small.directory / "config",
        store_url=small.store_url,
        known_at=None if known_at is None else known_at.isoformat(),
    )
    said = status(workspace, as_of=as_of, known_at=known_at)
    alerts = sorted(said["open_alerts"], key=lambda it: it["since"])
    return json.dumps({**said, "open_alerts": alerts, "config_version": "", "known_at": ""})


def rows(small: Small) -> dict[str, int]:
    """How many rows each kind of history has."""
    store = small.open().store
    frames = {
        "observations": store.revisions(), "scores": store.key_result_scores(), "objectives": store.objective_scores(),
        "baselines": store.baselines(), "amendments": store.amendments(), "check_ins": store.check_in_revisions(),
        "transitions": store.alert_transitions(), "health": store.metric_health(), "reviews": store.review_events(),
        "reads": store.reads(), "checks": store.check_results(latest=False), "quarantine": store.quarantine(),
    }  # fmt: skip
    return {name: len(frame) for name, frame in frames.items()}


DAYS = [datetime(2026, 1, day, 23, tzinfo=UTC) for day in (15, 24, 25, 31)]


def test_every_score_of_every_instant_is_what_it_was_under_the_new_ids(both):
    was, now = both
    store, new = was.open().store, now.open().store
    knowns = [None, *(at.to_pydatetime() for at in store.key_result_scores()["known_at"].unique())]
    before = {(day, known): told(was, day, known) for day in DAYS for known in knowns}
    assert {key: told(now, *key) for key in before} == {key: translated(text) for key, text in before.items()}
    assert _sorted(new.key_result_scores()) == _sorted(store.key_result_scores())
    assert _sorted(new.objective_scores()) == _sorted(store.objective_scores())


def _sorted(frame) -> str:
    """Rows as text, whatever their order."""
    return "\n".join(sorted(translated(json.dumps(it, default=str)) for it in frame.to_dict("records")))


def test_a_run_after_a_rename_finds_nothing_new(both):
    """Values, baselines, episodes, reviews and check-ins go on: nothing is recorded anew but who was renamed."""
    was, now = both
    before, after = rows(was), rows(now)
    # The states of metrics that are read are run tables: what they say is of each run.
    assert {name: after[name] - before[name] for name in before} == dict.fromkeys(before, 0)
    assert _sorted(now.open().store.alert_states()) == _sorted(was.open().store.alert_states())
    renames = now.open().store.renames()[["kind", "former_id", "new_id"]]
    assert renames.to_dict("split")["data"] == [
        ["key_result", "Q1/mood", "Q1/spirits"],
        ["key_result", "Q1/weekly", "Q1/fifth"],
        ["key_result", "Q1/won", "Q1/deals"],
        ["metric", "signups", "registrations"],
        ["objective", "Q1/grow", "Q1/known"],
    ]


def test_nothing_in_the_store_is_under_a_former_id(both):
    _, now = both
    store = now.open().store
    assert store.ids_in_use("metric", {"signups", "registrations"}) == {"registrations"}
    assert store.ids_in_use("key_result", {"Q1/won", "Q1/deals", "Q1/mood", "Q1/weekly"}) == {"Q1/deals"}
    assert store.ids_in_use("objective", {"Q1/grow", "Q1/known"}) == {"Q1/known"}


MOVED = edited(("{id: Q1, ", "{id: 2026-Q1, renamed_from: Q1, "))


def move(small: Small, okrs: Edit = MOVED) -> None:
    """The cycle gets another id, and a key result in it, too."""
    put(small, "2026-01-31", edited(("      won:\n", "      deals:\n        renamed_from: won\n"))(okrs(OKRS)))
    small.put("check_ins/q1.yaml", CHECK_INS.replace("Q1/", "2026-Q1/"))


def test_a_cycle_under_another_id_takes_along_all_that_is_in_it(on_either):
    store = on_either.open().store
    knowns = [None, store.key_result_scores()["known_at"].min().to_pydatetime()]
    before = {(day, known): told(on_either, day, known) for day in DAYS[1:] for known in knowns}
    published, counted = (store.key_result_scores(), store.objective_scores()), rows(on_either)
    move(on_either)
    apply(on_either, "moved")
    assert {key: told(on_either, *key) for key in before} == {key: in_moved(text) for key, text in before.items()}
    assert rows(on_either) == counted
    for frame, was in zip((store.key_result_scores(), store.objective_scores()), published, strict=True):
        assert set(frame["cycle"]) == {"2026-Q1"}
        assert _as_text(frame) == in_moved(_as_text(was))
    assert ("key_result", "Q1/won", "2026-Q1/deals") in set(
        store.renames()[["kind", "former_id", "new_id"]].itertuples(index=False, name=None)
    )


def _as_text(frame) -> str:
    return "\n".join(sorted(json.dumps(it, default=str) for it in frame.to_dict("records")))


def in_moved(text: str) -> str:
    lines = text.replace("Q1/won", "Q1/deals").replace("Q1/", "2026-Q1/")
    return "\n".join(sorted(lines.replace('"cycle": "Q1"', '"cycle": "2026-Q1"').split("\n")))


def test_a_cycle_that_was_renamed_may_say_so_or_not(project):
    move(project)
    apply(project, "moved")
    before = project.open().store.dump()
    put(project, "2026-01-31", edited(("{id: Q1, ", "{id: 2026-Q1, "), ("      won:\n", "      deals:\n"))(OKRS))
    apply(project, "again")
    assert project.open().store.dump() == before
    with pytest.raises(UsageError, match=r"'Q1/won' was renamed\. It goes on as 2026-Q1/deals"):
        find(open_applied(project.directory / "config", store_url=project.store_url)[0], "Q1/won")


def test_a_cycle_is_not_gone_because_nobody_said_that_it_was_renamed(project):
    before = project.open().store.dump(run_tables=True)
    project.put("check_ins/q1.yaml", CHECK_INS.replace("Q1/", "2026-Q1/"))
    put(project, "2026-01-31", edited(("{id: Q1, ", "{id: 2026-Q1, "))(OKRS))
    with pytest.raises(LostHistory) as told_of:
        apply(project, "moved")
    assert (
        str(told_of.value)
        .splitlines()[0]
        .endswith(
            "okrs/q1.yaml:1:1: cycle '2026-Q1' is like 'Q1', which is gone. Under another id the history of all that is in it"
            " would end. Write 'renamed_from: Q1' to go on with it, or 'renamed_from: null' if it is another one."
        )
    )
    assert len(str(told_of.value).splitlines()) == 2
    assert project.open().store.dump(run_tables=True) == before


def test_a_cycle_that_is_said_to_be_new_begins_anew(project):
    project.put("check_ins/q1.yaml", CHECK_INS.replace("Q1/", "2026-Q1/"))
    put(project, "2026-01-31", edited(("{id: Q1, ", "{id: 2026-Q1, renamed_from: null, "))(OKRS))
    score(project, "anew")
    assert {"Q1/won", "2026-Q1/won"} <= _ids(project, "key_result_scores")


def test_a_configuration_with_the_former_cycle_does_not_go_back_behind_its_rename(project):
    move(project)
    score(project, "moved")
    put(project, "2026-01-31")
    project.put("check_ins/q1.yaml", CHECK_INS)
    with pytest.raises(LostHistory, match="write 'renamed_from: 2026-Q1' in its cycle to give it its former id again"):
        apply(project, "older")


def test_a_published_scorecard_stays_as_it_was(on_either):
    store = on_either.open().store
    before = {week: store.scorecard(week) for week in store.scorecards()["week"]}
    rename(on_either, "2026-02-09")
    apply(on_either, "renamed")
    assert len(before) == 2
    assert {week: store.scorecard(week) for week in before} == before


def test_renamed_from_may_stay_or_go(renamed):
    project = renamed
    before = project.open().store.dump()
    apply(project, "again")
    assert project.open().store.dump() == before
    version = project.open().configuration.version
    lines = (project.directory / "config/okrs/q1.yaml").read_text().splitlines()
    project.put("okrs/q1.yaml", "\n".join(line for line in lines if "renamed_from" not in line) + "\n")
    assert project.open().configuration.version == version
    apply(project, "without")
    assert project.open().store.dump() == before


def test_a_fresh_store_takes_a_configuration_with_renames(project, tmp_path):
    project.store_url = f"sqlite:///{tmp_path}/fresh.db"
    rename(project)
    apply(project, "first")
    assert project.open().store.renames().empty
    assert project.open().store.ids_in_use("key_result", {"Q1/deals"}) == {"Q1/deals"}


def test_a_thing_may_be_renamed_again_and_back(on_either):
    scores = _ids(on_either, "key_result_scores")
    for run, former, new in (("one", "won", "deals"), ("two", "deals", "orders"), ("three", "orders", "won")):
        put(on_either, "2026-01-31", edited(("      won:\n", f"      {new}:\n        renamed_from: {former}\n"))(OKRS))
        score(on_either, run)
    assert _ids(on_either, "key_result_scores") == scores
    for known in on_either.open().store.key_result_scores()["known_at"]:
        assert '"Q1/won"' in told(on_either, DAYS[-1], known.to_pydatetime())


def test_a_store_that_missed_a_rename_takes_the_next_one(project):
    """One store applied a → b → c, another a and then c."""
    put(project, "2026-01-31", edited(("      won:\n", "      orders:\n        renamed_from: [deals, won]\n"))(OKRS))
    score(project, "late")
    assert "Q1/orders" in _ids(project, "key_result_scores")
    assert "Q1/won" not in _ids(project, "key_result_scores")


def test_a_claim_of_an_id_that_was_renamed_meanwhile_means_what_it_is_now(project):
    put(project, "2026-01-31", edited(("      won:\n", "      deals:\n        renamed_from: won\n"))(OKRS))
    score(project, "one")
    put(project, "2026-01-31", edited(("      won:\n", "      orders:\n        renamed_from: won\n"))(OKRS))
    score(project, "two")
    assert "Q1/orders" in _ids(project, "key_result_scores")


def _ids(small: Small, frame: str) -> set[str]:
    found = getattr(small.open().store, frame)()
    return set(found[found.columns[0]])


NO_MORE_WON = edited(("      won:\n", "      deals:\n"))


@pytest.mark.parametrize(
    ("okrs", "metrics", "expected"),
    [
        (NO_MORE_WON, edited(), "okrs/q1.yaml:42:7: key result 'Q1/deals' is like 'Q1/won', which is gone."),
        (edited(("  sell:\n", "  trade:\n")), edited(), "okrs/q1.yaml:34:3: objective 'Q1/trade' is like 'Q1/sell',"),
        (METRIC_RENAMED[0], edited(("  signups:\n", "  registrations:\n"), ("formula: signups", "formula: registrations")),
         "metrics/signups.yaml:2:3: metric 'registrations' is like 'signups', which is gone."),
        (edited(("      won:\n", "      deals:\n        renamed_from: one\n")), edited(), "Write 'renamed_from: won'"),
    ],
    ids=["key result", "objective", "metric", "a wrong former id"],
)  # fmt: skip
def test_a_history_does_not_end_because_nobody_said_what_was_renamed(project, okrs, metrics, expected):
    put(project, "2026-01-31", okrs(OKRS), metrics(SIGNUPS + DERIVED))
    before = project.open().store.dump(run_tables=True)
    with pytest.raises(LostHistory) as told_of:
        apply(project, "renamed")
    assert expected in str(told_of.value)
    assert "renamed_from: null" in str(told_of.value)
    assert project.open().store.dump(run_tables=True) == before


def test_what_is_said_to_be_new_begins_anew(project):
    put(project, "2026-01-31", edited(("      won:\n", "      deals:\n        renamed_from: null\n"))(OKRS))
    score(project, "anew")
    assert {"Q1/won", "Q1/deals"} <= _ids(project, "key_result_scores")


def test_two_histories_do_not_become_one(project):
    put(project, "2026-01-31", edited(("      won:\n", "      deals:\n        renamed_from: null\n"))(OKRS))
    score(project, "anew")
    put(project, "2026-01-31", edited(("      won:\n", "      deals:\n        renamed_from: won\n"))(OKRS))
    with pytest.raises(LostHistory, match="Two histories cannot become one"):
        apply(project, "mixed")


def test_one_history_does_not_become_two(project):
    put(project, "2026-01-31", edited(("      won:\n", "      deals:\n        renamed_from: won\n"))(OKRS))
    score(project, "one")
    both = edited(
        ("      won:\n", "      orders:\n        renamed_from: won\n"),
        ("      rich:\n", "      wealthy:\n        renamed_from: deals\n"),
    )
    put(project, "2026-01-31", both(OKRS))
    with pytest.raises(LostHistory, match="both are 'Q1/deals'"):
        apply(project, "two")


def test_a_rename_hides_no_change_of_what_was_promised(project):
    changed = edited(("      won:\n", "      deals:\n        renamed_from: won\n"), ("to: 600", "to: 500"))
    put(project, "2026-01-31", changed(OKRS))
    with pytest.raises(UnamendedChange, match=r"key result 'Q1/deals': its target changed, and no amendment says so"):
        apply(project, "both")
    score(project, "amended", amending=Amending("A smaller market"))
    amendments = project.open().store.amendments()
    assert "Q1/deals" in set(amendments["key_result"])


def test_a_renamed_metric_is_no_change_of_what_a_key_result_reads(project):
    put(project, "2026-01-31", METRIC_RENAMED[0](OKRS), METRIC_RENAMED[1](SIGNUPS + DERIVED))
    score(project, "renamed")
    assert len(project.open().store.amendments()) == 1


def test_an_older_configuration_does_not_go_back_behind_a_rename(lived, renamed):
    project, older = renamed, replace(renamed, directory=lived.directory).open()
    put(project, "2026-01-31")
    project.put("check_ins/q1.yaml", CHECK_INS)
    before = project.open().store.dump(run_tables=True)
    with pytest.raises(LostHistory, match=r"It is older than what was applied last"):
        apply(project, "older")
    with pytest.raises(LostHistory, match=r"It is older than what was applied last"):
        score_and_record(older, Run("in flight", older.as_of()))
    assert project.open().store.dump(run_tables=True) == before


def test_a_check_in_by_a_former_id_is_refused(lived, renamed):
    """As somebody gives it who read what was applied before it changed."""
    before, _ = open_applied(lived.directory / "config", store_url=lived.store_url)
    applied = replace(before, store=renamed.open().store)
    with pytest.raises(UsageError, match=r"'Q1/mood' goes on as 'Q1/spirits'"):
        record_by_command(applied, CheckIn("Q1/mood", date(2026, 1, 31), "ada", value=7))


@pytest.mark.parametrize("former", ["Q1/won", "won"])
def test_who_asks_by_a_former_id_is_told_the_new_one(after_rename, former):
    applied, _ = open_applied(after_rename.directory / "config", store_url=after_rename.store_url)
    with pytest.raises(UsageError, match=f"'{former}' was renamed. It goes on as Q1/deals"):
        find(applied, former)


def test_a_former_id_may_be_given_to_something_new(renamed):
    project = renamed
    lines = ALL_RENAMED(METRIC_RENAMED[0](OKRS)).replace("        renamed_from: won\n", "")
    again = (
        OKRS[OKRS.index("      won:\n") :]
        .replace("to: 600", "to: 5")
        .replace("Win 600", "Win 5")
        .replace("metric: signups", "metric: registrations")
    )
    put(project, "2026-01-31", lines + again, METRIC_RENAMED[1](SIGNUPS + DERIVED))
    score(project, "again")
    assert {"Q1/won", "Q1/deals"} <= _ids(project, "key_result_scores")
