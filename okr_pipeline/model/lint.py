"""The rules of `okr lint`: classic mistakes in objectives, key results and metrics, by name.

Belongs here: what each rule is about, how much it matters, why, and where it is from. Does not: finding them (linting).

A rule is never an error: an OKR that breaks one can be run, and may be right. `suppress:` says so, with a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

LintSeverity: TypeAlias = Literal["warning", "advice"]
About: TypeAlias = Literal["objective", "key_result", "metric"]


@dataclass(frozen=True, slots=True)
class LintRule:
    """A rule. `finds` completes "finds …", `why` is a sentence, `source` names who calls it a mistake.

    `needs_store`: it looks at observations, and is silent without a store.
    """

    id: str
    severity: LintSeverity
    about: About
    finds: str
    why: str
    source: str
    needs_store: bool = False


_CASES = "cases 24 and 25 of the model: the OKR mistakes that every coach names"
_REWORK = "Google re:Work, Set goals with OKRs"
_DOERR = "J. Doerr, Measure What Matters (2018)"
_MISTAKES = "Y. Preiss, 41 OKRs mistakes (2025)"
_KOLIBER = "A. Koliber, Top OKR mistakes"

_RULES: Final = (
    LintRule(
        "vague-words",
        "warning",
        "key_result",
        "a title with a vague word (improve, streamline, reduce …) and no number in it",
        "Whoever reads it cannot tell when it is done, and everybody will claim that it is.",
        f"{_CASES}; {_MISTAKES}, 3",
    ),
    LintRule(
        "activity",
        "warning",
        "key_result",
        "steps whose title says what is done (launch, update, build …), without a number",
        "Work can be finished without anything getting better.",
        f"{_DOERR}; {_MISTAKES}, 1",
    ),
    LintRule(
        "title-disagrees",
        "warning",
        "key_result",
        "a title whose numbers are none of its measure's",
        "People work towards the title, the score towards the measure.",
        "a title that was copied, or a measure that was changed alone",
    ),
    LintRule(
        "deadline-elsewhere",
        "warning",
        "key_result",
        "a title with a deadline that is not the key result's last day",
        "The plan runs to the last day, so that it looks early when it is late.",
        f"{_DOERR}: key results are time-bound",
    ),
    LintRule(
        "no-owner",
        "warning",
        "metric",
        "a metric without an owner, or an owner such as TBD or everyone",
        "When its numbers break, nobody is asked.",
        _CASES,
    ),
    LintRule(
        "no-why",
        "advice",
        "objective",
        "an objective without `why`",
        "People cannot decide well for an aim whose reason they do not know.",
        f"{_CASES}; {_MISTAKES}",
    ),
    LintRule(
        "one-key-result",
        "warning",
        "objective",
        "an objective with one key result",
        "One number can be met at the cost of everything else that the objective means.",
        _CASES,
    ),
    LintRule(
        "too-many-key-results",
        "warning",
        "objective",
        "an objective with more than five key results",
        "What is most important is no longer visible.",
        f"{_REWORK}; {_DOERR}",
    ),
    LintRule(
        "too-many-objectives",
        "warning",
        "objective",
        "more than five objectives of one owner in one cycle",
        "Nobody can move so many things at once; the choice is put off to the end of the cycle.",
        _REWORK,
    ),
    LintRule(
        "aligned-to-nothing",
        "warning",
        "objective",
        "an objective below the company's without a parent, while there are objectives above it",
        "Nobody sees which of the company's aims it serves, and it is not missed when it fails.",
        _CASES,
    ),
    LintRule(
        "one-metric",
        "warning",
        "objective",
        "an objective whose key results all read one metric",
        "It is one measurement in several words: what the metric does not see, the objective does not either.",
        "A. Grove's paired indicators, High Output Management (1983)",
    ),
    LintRule(
        "only-milestones",
        "warning",
        "objective",
        "an objective whose key results are all steps",
        "It is a list of work. That all of it can be done and nothing be better, no key result will tell.",
        f"{_KOLIBER}, 5: too many hit-or-miss key results",
    ),
    LintRule(
        "no-leading-metric",
        "advice",
        "objective",
        "a line of objectives that reads lagging metrics only",
        "Lagging numbers tell when it is over. Something that moves earlier tells in time to act.",
        "C. McChesney, S. Covey, J. Huling, The 4 Disciplines of Execution (2012)",
    ),
    LintRule(
        "counted-twice",
        "warning",
        "key_result",
        "a metric that counts twice in one score, directly or through a contributing objective",
        "One good or bad number moves the score twice.",
        _CASES,
    ),
    LintRule(
        "two-targets",
        "warning",
        "key_result",
        "two key results that want different values of one metric at the same time",
        "One of the two owners will be told that the number is fine while the other is behind.",
        f"{_MISTAKES}: conflicting OKRs",
    ),
    LintRule(
        "negligible-weight",
        "warning",
        "key_result",
        "a key result with less than a twentieth of its objective's weight",
        "It can fail without the score showing it.",
        "arithmetic of a weighted mean",
    ),
    LintRule(
        "copied-target",
        "advice",
        "key_result",
        "the target of the cycle before, word for word",
        "If it was met, it asks for nothing; if not, nothing says what will be different.",
        f"{_MISTAKES}; sandbagging in {_DOERR}",
    ),
    LintRule(
        "relative-percentage",
        "advice",
        "key_result",
        "a relative change of a percentage or a share",
        "−15 % of 8 % is 6.8 %, not −7 %. Many who write it mean points.",
        "case 4 of the model",
    ),
    LintRule(
        "committed-without-margin",
        "warning",
        "key_result",
        "a committed key result that one bad period or event breaks",
        "From that day on it is out of reach, and there is nothing left to promise.",
        "error budgets in Google's Site Reliability Engineering (2016): 100 % is the wrong target",
    ),
    LintRule(
        "in-band-target",
        "warning",
        "key_result",
        "a target to reach, on a metric that should stay in a band",
        "Beyond the target may be worse than before it, and would score full marks.",
        "Perdoo, Viva Goals and others keep a measure of their own for it (`maintain`)",
    ),
    LintRule(
        "last-day-decides",
        "advice",
        "key_result",
        "a change judged by a single hour or day",
        "One odd day at the end is the result of the whole cycle.",
        "D. J. Wheeler, Understanding Variation (1993)",
    ),
    LintRule(
        "beyond-healthy",
        "advice",
        "key_result",
        "a target that leaves the metric outside its healthy band",
        "The key result can be achieved and the KPI still ask for review.",
        "KPI health and key results should tell one story",
    ),
    LintRule(
        "undated-milestones",
        "advice",
        "key_result",
        "several steps that are all due on the last day",
        "It cannot be behind before it is over.",
        "phased targets, as in Viva Goals and Quantive",
    ),
    LintRule(
        "met-at-start",
        "warning",
        "key_result",
        "a target that the metric had met before the start",
        "It asks for nothing that is not there already.",
        _CASES,
        needs_store=True,
    ),
    LintRule(
        "certain",
        "warning",
        "key_result",
        "a target with a chance of 95 % in its first days, by forecast; without a forecast, one that the metric met by "
        "itself in three of four earlier stretches, four at least",
        "It will be met whatever anybody does, and teaches that targets are.",
        f"{_CASES}; sandbagging in {_DOERR}",
        needs_store=True,
    ),
    LintRule(
        "hopeless",
        "warning",
        "key_result",
        "a target more than three times as far away as the metric ever moved in earlier stretches, four at least, "
        "with a chance below 5 % in its first days if there was a forecast; a sum of more than three times what was "
        "forecast",
        "Nobody works for what nobody believes in.",
        f"{_CASES}; {_KOLIBER}, 10: unattainable goals",
        needs_store=True,
    ),
    LintRule(
        "baseline-off",
        "warning",
        "key_result",
        "a written baseline that is not where the metric started",
        "Progress is measured from a place where nobody was.",
        f"{_KOLIBER}, 7: unknown baseline",
        needs_store=True,
    ),
    LintRule(
        "stale-metric",
        "warning",
        "key_result",
        "a key result whose metric has no fresh values",
        "It will be unknown until its data is back.",
        _CASES,
        needs_store=True,
    ),
    LintRule(
        "unused-suppression",
        "advice",
        "key_result",
        "a suppression of what does not occur",
        "It hides the mistake when it comes back, with a reason that was for another one.",
        "unused suppressions in ruff, mypy and ESLint",
    ),
)

LINT_RULES: Final[Mapping[str, LintRule]] = {rule.id: rule for rule in _RULES}
"""Every rule by its id."""
