"""The manual's chapter on status: the rule `pace`."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

_HALFWAY = "{measure: {reach: {from: 0, to: 100}}}"


def _at(value: str, ratio: str, status: str, says: str) -> Case:
    return Case(
        says, "2013-04-05", {"pace_ratio": ratio, "status": status}, (f"2013-04-05 {value}",), key_result=_HALFWAY
    )


def _ended(value: str, status: str, says: str) -> Case:
    return Case(says, "2013-04-10", {"status": status}, (f"2013-04-10 {value}",), key_result=_HALFWAY)


SECTION = Section(
    title="Status",
    prose="""
The rule `pace`, in this order: not started, paused, cancelled; unknown with its reason; after the end, the grade. Before
the end: achieved at progress 1 or more where that cannot be undone; behind where a promise can no longer be kept; on track
inside the grace share of the span (0.1 unless told) unless progress is below 0; then by pace ratio. At or above the plan is
always on track. A status never contradicts its score.
""",
    tables=(
        Table(
            title="Committed",
            prose="Halfway through the span, so that the plan is 1/2: on track from a ratio of 0.9, at risk from 0.7.",
            metric="{rollup: last}",
            objective="{intent: committed}",
            cases=(
                _at("60", "6/5", "on_track", "Above the plan"),
                _at("45", "9/10", "on_track", "At 0.9 of it"),
                _at("44.9", "0.898", "at_risk", "Just below"),
                _at("35", "7/10", "at_risk", "At 0.7"),
                _at("34.9", "0.698", "behind", "Just below that"),
                _at("-10", "-1/5", "behind", "Behind the start"),
                _at("100", "2", "on_track", "At the target, which can be lost again"),
            ),
        ),
        Table(
            title="Aspirational",
            prose="On track from 0.7, at risk from 0.5.",
            metric="{rollup: last}",
            objective="{intent: aspirational}",
            cases=(
                _at("35", "7/10", "on_track", "At 0.7"),
                _at("34.9", "0.698", "at_risk", "Just below"),
                _at("25", "1/2", "at_risk", "At 0.5"),
                _at("24.9", "0.498", "behind", "Just below that"),
            ),
        ),
        Table(
            title="Learning",
            prose="As committed.",
            metric="{rollup: last}",
            objective="{intent: learning}",
            cases=(
                _at("45", "9/10", "on_track", "At 0.9"),
                _at("35", "7/10", "at_risk", "At 0.7"),
                _at("34.9", "0.698", "behind", "Just below"),
            ),
        ),
        Table(
            title="Grace",
            prose="In the first tenth of ten days, that is on the first, it is too early to judge.",
            metric="{rollup: last}",
            key_result=_HALFWAY,
            cases=(
                Case("The first day", "2013-04-01", {"progress": "0", "status": "on_track"}, ("2013-04-01 0",)),
                Case(
                    "Unless it moved away", "2013-04-01", {"progress": "-0.01", "status": "behind"}, ("2013-04-01 -1",)
                ),
                Case("The second day", "2013-04-02", {"progress": "0", "status": "behind"}, ("2013-04-02 0",)),
                Case(
                    "A longer grace",
                    "2013-04-03",
                    {"progress": "0", "status": "on_track"},
                    ("2013-04-03 0",),
                    key_result="{grace: 0.3}",
                ),
                Case(
                    "It is the instant that must be inside, not the newest period",
                    "2013-04-03",
                    {"progress": "0", "status": "behind"},
                    ("2013-04-01 0",),
                ),
            ),
        ),
        Table(
            title="Achieved before the end",
            prose="Only where progress cannot be undone.",
            metric="{rollup: sum}",
            cases=(
                Case(
                    "accumulate",
                    "2013-04-05",
                    {"progress": "1", "status": "achieved"},
                    ("2013-04-01 4x5",),
                    key_result="{measure: {accumulate: {to: 20}}}",
                ),
                Case(
                    "reach",
                    "2013-04-05",
                    {"progress": "1", "status": "on_track"},
                    ("2013-04-01 4x5",),
                    key_result="{measure: {reach: {from: 0, to: 4}}}",
                ),
                Case(
                    "limit",
                    "2013-04-05",
                    {"progress": "1", "status": "on_track"},
                    ("2013-04-01 4x5",),
                    key_result="{measure: {limit: {to: 20}}}",
                ),
                Case(
                    "maintain",
                    "2013-04-05",
                    {"progress": "1", "status": "on_track"},
                    ("2013-04-01 4x5",),
                    key_result="{measure: {maintain: {min: 4}}}",
                ),
            ),
        ),
        Table(
            title="Out of reach",
            prose="""
A committed share is lost once it could not be met even if every period still open turned out good; a committed budget once
it is overrun. Of events it cannot be told, because nobody knows how many will come.
""",
            metric="{rollup: sum}",
            objective="{intent: committed}",
            cases=(
                Case(
                    "One bad day of ten, where 0.9 are wanted: (4 + 5) / 10 can still be met",
                    "2013-04-05",
                    {"progress": "8/9", "status": "at_risk", "reason": "–"},
                    ("2013-04-01 5 5 0 5 5",),
                    key_result="{measure: {maintain: {min: 5, share: 0.9}}}",
                ),
                Case(
                    "Two bad days: (3 + 5) / 10 is the best that can come",
                    "2013-04-05",
                    {"progress": "2/3", "status": "behind", "reason": "out_of_reach"},
                    ("2013-04-01 5 0 0 5 5",),
                    key_result="{measure: {maintain: {min: 5, share: 0.9}}}",
                ),
                Case(
                    "Even in the days of grace",
                    "2013-04-01",
                    {"progress": "0", "status": "behind", "reason": "out_of_reach"},
                    ("2013-04-01 0",),
                    key_result="{measure: {maintain: {min: 5}}}",
                ),
                Case(
                    "An aspiration is judged by its pace alone",
                    "2013-04-05",
                    {"progress": "2/3", "status": "at_risk", "reason": "–"},
                    ("2013-04-01 5 0 0 5 5",),
                    key_result="{measure: {maintain: {min: 5, share: 0.9}}}",
                    objective="{intent: aspirational}",
                ),
                Case(
                    "One week of four without enough, where all are wanted",
                    "2013-04-14",
                    {"progress": "1/2", "status": "behind", "reason": "out_of_reach"},
                    ("2013-04-01 0x7 5x7",),
                    key_result="{measure: {cadence: {at_least: 5, per: week}}, ends: 2013-04-28}",
                ),
                Case(
                    "A budget that is overrun by a twentieth",
                    "2013-04-02",
                    {"progress": "19/20", "status": "behind", "reason": "out_of_reach"},
                    ("2013-04-01 10 11",),
                    key_result="{measure: {limit: {to: 20}}}",
                ),
                Case(
                    "A share of events",
                    "2013-04-02",
                    {"progress": "9/10", "status": "on_track", "reason": "–"},
                    ("2013-04-01 0.9@100 0.9@300",),
                    "{rollup: weighted_mean}",
                    "{measure: {maintain: {min: 1, share: 1, of: events}}}",
                ),
            ),
        ),
        Table(
            title="After the end: committed",
            prose="All of it, or not.",
            metric="{rollup: last}",
            objective="{intent: committed}",
            cases=(
                _ended("100", "achieved", "At the target"),
                _ended("99.9", "missed", "Just short of it"),
                Case(
                    "Unknown at the end stays unknown",
                    "2013-04-20",
                    {"status": "unknown", "reason": "no_observation"},
                    key_result=_HALFWAY,
                ),
            ),
        ),
        Table(
            title="After the end: aspirational",
            prose="From 0.7 achieved, from 0.3 partial.",
            metric="{rollup: last}",
            objective="{intent: aspirational}",
            cases=(
                _ended("70", "achieved", "0.7"),
                _ended("69.9", "partial", "Just below"),
                _ended("30", "partial", "0.3"),
                _ended("29.9", "missed", "Just below that"),
            ),
        ),
        Table(
            title="After the end: learning",
            prose="Achieved with what was to be found.",
            metric="{rollup: mean}",
            objective="{intent: learning}",
            key_result="{measure: {baseline: {needs: 5}}}",
            cases=(
                Case("The baseline was found", "2013-04-10", {"status": "achieved"}, ("2013-04-06 1x5",)),
                Case("It was not", "2013-04-10", {"status": "missed"}, ("2013-04-07 1x4",)),
            ),
        ),
        Table(
            title="Set aside",
            prose="A paused or cancelled key result goes on having a value and a progress, and counts in no objective's score.",
            metric="{rollup: last}",
            key_result=_HALFWAY,
            observed=("2013-04-01 10x5",),
            cases=(
                Case("Paused", "2013-04-05", {"progress": "1/10", "status": "paused"}, key_result="{state: paused}"),
                Case(
                    "Cancelled",
                    "2013-04-05",
                    {"progress": "1/10", "status": "cancelled"},
                    key_result="{state: cancelled}",
                ),
                Case(
                    "Cancelled, after the end",
                    "2013-04-20",
                    {"status": "cancelled"},
                    key_result="{state: cancelled}",
                ),
                Case(
                    "Not started comes first",
                    "2013-03-31",
                    {"status": "not_started", "reason": "not_started"},
                    key_result="{state: paused}",
                ),
            ),
        ),
    ),
)
