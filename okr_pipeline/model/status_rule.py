"""Status rules: what each is called, whose it is, and what its own words mean among our statuses.

Belongs here: names, words, sources and readings, for configuration, manuals and reports.
Does not: the rules' arithmetic (scoring.rules).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from okr_pipeline.model.score import Status


@dataclass(frozen=True, slots=True)
class StatusRule:
    """A documented way from progress and plan to a status.

    `words` are its own, from the best to the worst, each with the status that it is here. `says` is the rule in a line.
    `readings`: what we take where its pages are silent or contradict each other. `sources` are addresses.
    """

    name: str
    product: str
    says: str
    words: Mapping[str, Status]
    readings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


_ENDS_AS_PACE = "After the end it documents no grade; ours by intent is taken, as in `pace`."
_NO_PLAN_YET = "Where the plan asks for nothing yet the quotient is undefined; on track unless progress is below 0."

_RULES = (
    StatusRule(
        name="pace",
        product="okr-pipeline",
        says="progress / plan: committed and learning from 0.9 on track, from 0.7 at risk; aspirational 0.7 and 0.5",
        words={
            "achieved": Status.ACHIEVED,
            "on track": Status.ON_TRACK,
            "at risk": Status.AT_RISK,
            "behind": Status.BEHIND,
            "partial": Status.PARTIAL,
            "missed": Status.MISSED,
        },
    ),
    StatusRule(
        name="viva",
        product="Microsoft Viva Goals",
        says="plan − progress: up to 0 points On Track, up to 25 Behind, more At Risk",
        words={"On Track": Status.ON_TRACK, "Behind": Status.AT_RISK, "At Risk": Status.BEHIND},
        readings=(
            "Behind is its middle status and At Risk its worst, the other way round than here.",
            "The page on phased targets knows no At Risk; we take the page on status, which states all three.",
            (
                "Stay above and stay below are met or At Risk. The same page offers a threshold that makes them "
                'Behind and says that they have "no notion" of it; we take the latter. It calls a value equal to '
                "its bound At Risk; here bounds are inclusive, so that the rule is told 100 %."
            ),
            _ENDS_AS_PACE,
        ),
        sources=(
            "https://learn.microsoft.com/viva/goals/track-okr-progress-status",
            "https://learn.microsoft.com/viva/goals/viva-goals-healthy-okr-program/kr-types",
            "https://support.microsoft.com/topic/phased-targets-8d0587f7-016c-4e00-9c5d-9fc411c219e2",
        ),
    ),
    StatusRule(
        name="engagedly",
        product="Engagedly",
        says="plan − progress: below 16.5 points On Track, up to 33 Behind, more At Risk; Achieved at 100 %",
        words={
            "Achieved": Status.ACHIEVED,
            "On Track": Status.ON_TRACK,
            "Behind": Status.AT_RISK,
            "At Risk": Status.BEHIND,
        },
        readings=(
            "Behind is its middle status and At Risk its worst.",
            (
                "A second page writes the same bounds under Expected/Actual. As a quotient they would call a goal "
                "on plan At Risk; we take the difference of the first."
            ),
            (
                "At exactly 16.5 points the first page says Behind, an announcement and the second page On Track; "
                "we take the first."
            ),
            (
                "Thresholds and ranges: met On Track, else Behind; after the end met Achieved, else At Risk, which "
                "is *missed* here."
            ),
            (
                "Other goals keep their last status after the end; a status that no longer follows from its score "
                "is none, so ours by intent is taken."
            ),
        ),
        sources=(
            "https://help.engagedly.com/automatic-status-updates-for-goals",
            "https://help.engagedly.com/understanding-goal-measurement-types-and-measurement-logic",
            "https://engagedly.com/goals-module-auto-status-update/",
        ),
    ),
    StatusRule(
        name="upraise",
        product="UpRaise",
        says="progress / plan: from 0.95 On Track, from 0.75 Lagging, below At Risk",
        words={"On Track": Status.ON_TRACK, "Lagging": Status.AT_RISK, "At Risk": Status.BEHIND},
        readings=(
            "Lagging is called falling behind in the same page's formulas; At Risk is its worst status.",
            "At exactly 0.75 it says nothing; we take Lagging.",
            _NO_PLAN_YET,
            _ENDS_AS_PACE,
        ),
        sources=("https://amoeboids.atlassian.net/wiki/spaces/USA/pages/1566736458",),
    ),
    StatusRule(
        name="mooncamp",
        product="Mooncamp",
        says="progress / plan: from 0.9 On Track, from 0.7 Progressing, below Off Track; Achieved at 100 %",
        words={
            "Achieved": Status.ACHIEVED,
            "On Track": Status.ON_TRACK,
            "Progressing": Status.AT_RISK,
            "Off Track": Status.BEHIND,
            "Partially achieved": Status.PARTIAL,
            "Missed": Status.MISSED,
        },
        readings=(
            "Progress relative to time is read as a quotient, after its example.",
            (
                "Read to the letter, a goal on plan (100 % of it) would be Achieved at any time; we take Achieved "
                "for progress of 100 %, as an older page has it."
            ),
            _NO_PLAN_YET,
            "After the end 1 is Achieved, from 0.5 Partially achieved, less Missed, as its thresholds say.",
        ),
        sources=(
            "https://mooncamp.com/docs/goal-statuses",
            "https://help.mooncamp.com/en/traffic-lights-system-and-status-of-goals",
        ),
    ),
    StatusRule(
        name="leankit",
        product="Planview LeanKit",
        says="progress − plan: 10 points or more Ahead, less than 10 away On Track, 10 or more below Behind",
        words={
            "Ahead": Status.ON_TRACK,
            "On Track": Status.ON_TRACK,
            "Behind": Status.BEHIND,
            "On Target": Status.ACHIEVED,
            "Below Target": Status.MISSED,
        },
        readings=(
            (
                "On Track is within 10 % inclusively, Behind is 10 % or more below, and 60 % where 50 % is due is "
                "Ahead: at exactly 10 points they contradict each other. Two of the three leave 10 points out of On"
                " Track, and so do we."
            ),
            "10 % is read as points.",
            "There is no middle status, so nothing is at risk.",
            "After the end from 90 % On Target, less Below Target.",
        ),
        sources=("https://success.planview.com/Planview_LeanKit/OKRs/075_OKR_Health",),
    ),
    StatusRule(
        name="zokri",
        product="ZOKRI",
        says="progress / plan: from 0.75 Green, from 0.5 Orange, below Red",
        words={"Green": Status.ON_TRACK, "Orange": Status.AT_RISK, "Red": Status.BEHIND},
        readings=(
            (
                "More than 25 % and 50 % behind is read as a share of the plan, not as points, and both as defaults"
                " that its users may change."
            ),
            _NO_PLAN_YET,
            _ENDS_AS_PACE,
        ),
        sources=("https://support.zokri.com/hc/en-us/articles/360037834294",),
    ),
    StatusRule(
        name="google",
        product="Google",
        says="grades at the end: from 0.7 green, above 0.3 yellow, up to 0.3 red, whatever the intent",
        words={
            "green": Status.ACHIEVED,
            "yellow": Status.PARTIAL,
            "red": Status.MISSED,
            "on course for green": Status.ON_TRACK,
            "on course for yellow": Status.AT_RISK,
            "on course for red": Status.BEHIND,
        },
        readings=(
            (
                "Grades are of the end alone. Before it we take the grade that the same speed would end with, "
                "progress / plan, in the same bands."
            ),
            "0.0 to 0.3 is red and 0.4 to 0.6 yellow, in tenths; what lies between 0.3 and 0.4 is yellow here.",
            _NO_PLAN_YET,
        ),
        sources=(
            "https://rework.withgoogle.com/guides/set-goals-with-okrs/steps/grade-OKRs/",
            "John Doerr, Measure What Matters (2018), on scoring",
        ),
    ),
)

STATUS_RULES: Mapping[str, StatusRule] = {rule.name: rule for rule in _RULES}
"""Every rule by name, the project's default first."""
