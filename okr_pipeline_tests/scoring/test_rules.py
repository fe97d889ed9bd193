"""The status rules say what their products document, and never contradict a score."""

from collections import Counter

import numpy as np
import pytest

from okr_pipeline.model.score import Status
from okr_pipeline.model.status_rule import STATUS_RULES
from okr_pipeline.scoring.definitions import STATUS, STATUSES, Aim, State
from okr_pipeline.scoring.rules import RULES
from okr_pipeline.scoring.statuses import Judged, Rule, judge

TIME_AWARE = ("viva", "engagedly", "upraise", "mooncamp", "leankit")
GOOD = (STATUS[Status.ON_TRACK], STATUS[Status.ACHIEVED])

DOCUMENTED = [
    # progress and plan in percent, and the product's own word
    ("viva", 47, 52, "Behind", "expected 52 %, actual 47 %: the page's example"),
    ("viva", 33, 33, "On Track", "the page on phased targets: 33 % or more of 33 %"),
    ("viva", 32, 33, "Behind", "below it"),
    ("viva", 27, 52, "Behind", "a gap of 25 points"),
    ("viva", 26.9, 52, "At Risk", "more than 25"),
    ("viva", 0, 24, "Behind", "nothing at all cannot be At Risk before a quarter is over"),
    ("engagedly", 50, 50, "On Track", "April 1 to 30 on April 15, with 50 %"),
    ("engagedly", 33.6, 50, "On Track", "16.4 points below"),
    ("engagedly", 33.5, 50, "Behind", "16.5 points below"),
    ("engagedly", 17, 50, "Behind", "33 points below"),
    ("engagedly", 16.9, 50, "At Risk", "more than 33"),
    ("engagedly", 100, 50, "Achieved", "100 %"),
    ("upraise", 47.5, 50, "On Track", "0.95 of it"),
    ("upraise", 47.4, 50, "Lagging", "less"),
    ("upraise", 37.5, 50, "Lagging", "0.75 of it, where its page says nothing"),
    ("upraise", 37.4, 50, "At Risk", "less than that"),
    ("mooncamp", 50, 50, "On Track", "the page's example, in the middle of the cycle"),
    ("mooncamp", 50, 99.9, "Off Track", "and at its end"),
    ("mooncamp", 45, 50, "On Track", "0.9 of it"),
    ("mooncamp", 44.9, 50, "Progressing", "less"),
    ("mooncamp", 35, 50, "Progressing", "0.7 of it"),
    ("mooncamp", 34.9, 50, "Off Track", "less than that"),
    ("mooncamp", 100, 50, "Achieved", "100 %"),
    ("leankit", 60, 50, "Ahead", "the page's objective 1"),
    ("leankit", 20, 40, "Behind", "the page's objective 2"),
    ("leankit", 40.1, 50, "On Track", "less than 10 points below"),
    ("leankit", 40, 50, "Behind", "10 points below"),
    ("zokri", 37.5, 50, "Green", "a quarter behind"),
    ("zokri", 37.4, 50, "Orange", "more"),
    ("zokri", 25, 50, "Orange", "half behind"),
    ("zokri", 24.9, 50, "Red", "more than that"),
    ("google", 35, 50, "on course for green", "the speed of a 0.7"),
    ("google", 34.9, 50, "on course for yellow", "of less"),
    ("google", 15, 50, "on course for red", "of a 0.3"),
]

ENDED = [
    ("google", 70, "green"),
    ("google", 69.9, "yellow"),
    ("google", 40, "yellow"),
    ("google", 30.1, "yellow"),
    ("google", 30, "red"),
    ("google", 0, "red"),
    ("mooncamp", 100, "Achieved"),
    ("mooncamp", 50, "Partially achieved"),
    ("mooncamp", 49.9, "Missed"),
    ("leankit", 90, "On Target"),
    ("leankit", 89.9, "Below Target"),
]

SEVEN_RULES = [
    # progress, plan, then the words of viva, engagedly, upraise, mooncamp and leankit
    (0, 10, ("Behind", "On Track", "At Risk", "Off Track", "Behind")),
    (0, 24, ("Behind", "Behind", "At Risk", "Off Track", "Behind")),
    (40, 60, ("Behind", "Behind", "At Risk", "Off Track", "Behind")),
    (55, 60, ("Behind", "On Track", "Lagging", "On Track", "On Track")),
    (72, 100, ("At Risk", "Behind", "At Risk", "Progressing", "Behind")),
    (30, 10, ("On Track", "On Track", "On Track", "On Track", "Ahead")),
]


def judged(progress: object, expected: object, **also: object) -> Judged:
    """Committed key results in the midst of their span, unless told otherwise; progress and plan are shares."""
    shape = np.broadcast_shapes(np.shape(progress), np.shape(expected), (1,))
    facts = {
        "aim": Aim.COMMITTED, "state": State.ACTIVE, "started": True, "over": False, "in_grace": False,
        "lasting": False, "learnt": False, "hopeless": False, "threshold": False, "progress": progress, "expected": expected,
    }  # fmt: skip
    kinds = {"aim": np.int64, "state": np.int64, "progress": np.float64, "expected": np.float64}
    columns = {
        name: np.broadcast_to(np.asarray(value, dtype=kinds.get(name, np.bool_)), shape).copy()
        for name, value in {**facts, **also}.items()
    }
    return Judged(**columns)


def status(rule: str, progress: float, expected: float, **also: object) -> Status:
    return STATUSES[judge(judged(progress, expected, **also), RULES[rule])[0]]


@pytest.mark.parametrize(("rule", "progress", "plan", "word", "says"), DOCUMENTED)
def test_an_open_key_result_is_called_what_the_product_documents(
    rule: str, progress: float, plan: float, word: str, says: str
) -> None:
    assert status(rule, progress / 100, plan / 100) is STATUS_RULES[rule].words[word], says


@pytest.mark.parametrize(("rule", "progress", "word"), ENDED)
@pytest.mark.parametrize("aim", [Aim.COMMITTED, Aim.ASPIRATIONAL, Aim.LEARNING])
def test_an_ended_key_result_is_graded_as_the_product_documents_whatever_its_intent(
    rule: str, progress: float, word: str, aim: Aim
) -> None:
    assert status(rule, progress / 100, 1, over=True, aim=aim) is STATUS_RULES[rule].words[word]


@pytest.mark.parametrize(("progress", "plan", "words"), SEVEN_RULES)
def test_the_same_key_result_under_five_rules(progress: float, plan: float, words: tuple[str, ...]) -> None:
    found = [status(rule, progress / 100, plan / 100) for rule in TIME_AWARE]
    assert found == [STATUS_RULES[rule].words[word] for rule, word in zip(TIME_AWARE, words, strict=True)]


def test_five_time_aware_rules_disagree_on_45_percent_of_what_is_up_to_40_points_below_plan() -> None:
    """Every whole percent of time from 1 on and of progress: 44.6 % near the plan, 14.7 % of all are green and not."""
    plan, progress = (axis.ravel() for axis in np.meshgrid(np.arange(1, 101), np.arange(101), indexing="ij"))
    green = np.array([np.isin(judge(judged(progress / 100, plan / 100), RULES[rule]), GOOD) for rule in TIME_AWARE])
    mixed = green.any(axis=0) & ~green.all(axis=0)
    near = (progress <= plan) & (progress >= plan - 40)
    assert round(100 * mixed[near].mean(), 1) == 44.6
    assert round(100 * mixed.mean(), 2) == 14.65


@pytest.mark.parametrize("rule", RULES)
def test_a_plan_that_asks_for_nothing_yet_is_met_by_not_going_back(rule: str) -> None:
    assert status(rule, 0, 0) is Status.ON_TRACK
    assert status(rule, -0.5, 0) is Status.BEHIND


@pytest.mark.parametrize("rule", RULES)
def test_what_does_not_run_or_is_unknown_comes_first(rule: str) -> None:
    assert status(rule, 1, 0.5, started=False, state=State.PAUSED) is Status.NOT_STARTED
    assert status(rule, 1, 0.5, state=State.PAUSED) is Status.PAUSED
    assert status(rule, 1, 1, state=State.CANCELLED, over=True) is Status.CANCELLED
    assert status(rule, np.nan, 0.5) is Status.UNKNOWN
    assert status(rule, np.nan, 1, over=True) is Status.UNKNOWN


@pytest.mark.parametrize(
    ("rule", "kept", "broken", "ended"),
    [
        ("viva", Status.ON_TRACK, Status.BEHIND, Status.MISSED),
        ("engagedly", Status.ON_TRACK, Status.AT_RISK, Status.MISSED),
        ("mooncamp", Status.ON_TRACK, Status.ON_TRACK, Status.PARTIAL),
    ],
)
def test_a_threshold_is_met_or_not_and_never_achieved_on_its_first_day(
    rule: str, kept: Status, broken: Status, ended: Status
) -> None:
    assert status(rule, 1, 1, threshold=True) is kept
    assert status(rule, 0.99, 1, threshold=True) is broken
    assert status(rule, 0.99, 1, threshold=True, over=True) is ended
    assert status(rule, 1, 1, threshold=True, over=True) is Status.ACHIEVED


def test_no_rule_can_contradict_a_score() -> None:
    """Also one that calls everything behind, or everything achieved."""
    progress, plan = np.array([0.6, 0.5, 0.4, 1.0]), np.array([0.5, 0.5, 0.5, 0.5])

    def always(word: Status) -> Rule:
        return Rule(
            lambda of: np.full(len(of.progress), STATUS[word]), lambda of: np.full(len(of.progress), STATUS[word])
        )

    def found(word: Status) -> list[Status]:
        return [STATUSES[code] for code in judge(judged(progress, plan), always(word))]

    on_track, behind, achieved = Status.ON_TRACK, Status.BEHIND, Status.ACHIEVED
    assert found(behind) == [on_track, on_track, behind, on_track]
    assert found(achieved) == [on_track, on_track, on_track, achieved]


@pytest.mark.parametrize("rule", RULES)
def test_status_never_contradicts_score_under_any_rule(rule: str) -> None:
    random = np.random.default_rng(7)
    size = 200_000
    progress = np.concatenate(
        [random.uniform(-1, 2, size), random.choice([0, 1, 0.7, 0.3, 1e300, -1e300, 5e-324], size)]
    )
    expected = np.concatenate([random.uniform(0, 1, size), random.choice([0, 1, 0.5, 5e-324], size)])
    flags = {name: random.random(2 * size) < 0.2 for name in ("in_grace", "threshold", "over")}
    lasting = (random.random(2 * size) < 0.2) & ~flags["threshold"]
    of = judged(progress, expected, aim=random.integers(0, 3, 2 * size), lasting=lasting, **flags)
    found = judge(of, RULES[rule])
    open_ = ~of.over
    assert (progress[open_ & (found == STATUS[Status.ACHIEVED])] >= 1).all()
    bad = np.isin(found, [STATUS[Status.BEHIND], STATUS[Status.AT_RISK]])
    assert (progress[open_ & bad] < expected[open_ & bad]).all()
    assert set(found[open_]) <= {STATUS[word] for word in STATUS_RULES[rule].words.values()}
    assert not np.isin(found[open_], [STATUS[Status.PARTIAL], STATUS[Status.MISSED]]).any()


@pytest.mark.parametrize("rule", RULES)
def test_more_progress_is_never_judged_worse(rule: str) -> None:
    order = [Status.BEHIND, Status.AT_RISK, Status.ON_TRACK, Status.ACHIEVED]
    ended = [Status.MISSED, Status.PARTIAL, Status.ACHIEVED]
    progress = np.linspace(-0.5, 1.5, 2001)
    for plan in (0.0, 0.1, 0.5, 1.0):
        for aim in Aim:
            ranks = [order.index(STATUSES[it]) for it in judge(judged(progress, plan, aim=aim), RULES[rule])]
            assert ranks == sorted(ranks)
            graded = [
                ended.index(STATUSES[it]) for it in judge(judged(progress, plan, aim=aim, over=True), RULES[rule])
            ]
            assert graded == sorted(graded)


def test_every_rule_is_described_and_every_described_one_can_be_chosen() -> None:
    assert list(RULES) == list(STATUS_RULES)
    for name, rule in STATUS_RULES.items():
        assert rule.name == name
        assert {Status.ON_TRACK, Status.BEHIND} <= set(rule.words.values())
        assert rule.sources or name == "pace"
    assert Counter(rule.product for rule in STATUS_RULES.values()).most_common(1)[0][1] == 1
