"""The manual's chapter on check-ins: manual key results, findings, confidence."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

SECTION = Section(
    title="Check-ins",
    prose="""
A check-in is what one author says on one day: a value where the key result is measured by `manual`, a confidence, a
note, a finding. It counts from the start of its day on, within its key result's span. `told` is who said what; the
author is `a` and all was recorded at once, unless it says otherwise.
""",
    tables=(
        Table(
            title="manual",
            prose="""
The value is that of the latest check-in that has one, progress is as for `reach`. The plan is read at the end of the
check-in's day, or at the instant itself while the day lasts. What is not told is unknown, never zero.
""",
            key_result="{measure: {manual: {from: 0, to: 20}}}",
            cases=(
                Case(
                    "The latest value counts",
                    "2013-04-05",
                    {"value": "12", "progress": "3/5", "expected_progress": "4/10", "value_period_end": "2013-04-05"},
                    told=("2013-04-02 value=3", "2013-04-04 value=12"),
                ),
                Case(
                    "The order in which they were written down does not",
                    "2013-04-05",
                    {"value": "12", "progress": "3/5"},
                    told=("2013-04-04 value=12", "2013-04-02 value=3"),
                ),
                Case(
                    "What is said of a later day is not heard",
                    "2013-04-03",
                    {"value": "3", "progress": "3/20"},
                    told=("2013-04-02 value=3", "2013-04-04 value=12"),
                ),
                Case(
                    "At noon of its day it counts, and the plan is that of noon",
                    "2013-04-04T12:00:00+00:00",
                    {"value": "12", "expected_progress": "7/20", "expected_progress_now": "7/20"},
                    told=("2013-04-04 value=12",),
                ),
                Case(
                    "At the end of the day before it does not",
                    "2013-04-03",
                    {"value": "unknown", "progress": "unknown", "status": "unknown", "reason": "no_observation"},
                    told=("2013-04-04 value=12",),
                ),
                Case(
                    "A check-in without a value leaves the value as it was",
                    "2013-04-05",
                    {"value": "3", "value_period_end": "2013-04-03"},
                    told=("2013-04-02 value=3", "2013-04-04 confidence=0.5"),
                ),
                Case(
                    "Zero is a value",
                    "2013-04-05",
                    {"value": "0", "progress": "0", "status": "behind"},
                    told=("2013-04-04 value=0",),
                ),
                Case(
                    "Down: from 15 to 10 it stands at 12",
                    "2013-04-05",
                    {"value": "12", "progress": "3/5", "score": "3/5"},
                    key_result="{measure: {manual: {from: 15, to: 10}}}",
                    told=("2013-04-05 value=12",),
                ),
                Case(
                    "Equal to the target is success, on track while it can still be undone",
                    "2013-04-05",
                    {"progress": "1", "status": "on_track"},
                    told=("2013-04-05 value=20",),
                ),
                Case(
                    "Beyond the target",
                    "2013-04-05",
                    {"progress": "5/4", "score": "1"},
                    told=("2013-04-05 value=25",),
                ),
                Case(
                    "Worse than the start",
                    "2013-04-05",
                    {"progress": "-1/4", "score": "0"},
                    told=("2013-04-05 value=-5",),
                ),
                Case(
                    "Of two on one day the one recorded later is heard",
                    "2013-04-05",
                    {"value": "8"},
                    told=(
                        "2013-04-04 value=8 recorded_at=2013-04-04T18:00Z author=a",
                        "2013-04-04 value=6 recorded_at=2013-04-04T09:00Z author=b",
                    ),
                ),
                Case(
                    "Of two recorded at once that of the author who comes later in the alphabet",
                    "2013-04-05",
                    {"value": "6"},
                    told=("2013-04-04 value=8 author=a", "2013-04-04 value=6 author=b"),
                ),
                Case(
                    "Said of a day before its key result starts, it is nothing to it",
                    "2013-04-05",
                    {"value": "unknown", "reason": "no_observation"},
                    key_result="{starts: 2013-04-03}",
                    told=("2013-04-02 value=8",),
                ),
                Case(
                    "Before the start there is nothing to tell",
                    "2013-03-31",
                    {"value": "unknown", "status": "not_started", "reason": "not_started"},
                    told=("2013-04-02 value=8",),
                ),
                Case(
                    "After the end the last one grades it",
                    "2013-04-20",
                    {"value": "20", "status": "achieved", "expected_progress": "1"},
                    told=("2013-04-10 value=20",),
                ),
                Case(
                    "Short of a commitment",
                    "2013-04-20",
                    {"value": "19", "status": "missed"},
                    told=("2013-04-10 value=19",),
                ),
            ),
        ),
        Table(
            title="When a check-in is stale",
            prose="""
A value counts for two turns of the key result's `check_in` after its day: one check-in may be missed. Then it is
*unknown: stale*; the last value and its age are shown and count for nothing. What is finished does not go stale.
""",
            cycle="{id: C, starts: 2013-04-01, ends: 2013-06-30, check_in: weekly}",
            key_result="{measure: {manual: {from: 0, to: 20}}}",
            told=("2013-04-05 value=10",),
            cases=(
                Case("Weekly: fourteen days later it still counts", "2013-04-19", {"value": "10", "reason": "–"}),
                Case(
                    "Fifteen days later it does not",
                    "2013-04-20",
                    {
                        "value": "unknown",
                        "progress": "unknown",
                        "reason": "stale",
                        "last_good_value": "10",
                        "last_good_age_hours": "360",
                    },
                ),
                Case(
                    "A note without a value does not keep it fresh",
                    "2013-04-20",
                    {"value": "unknown", "reason": "stale"},
                    told=("2013-04-18 confidence=0.9",),
                ),
                Case(
                    "Daily: the third day is too late",
                    "2013-04-08",
                    {"value": "unknown", "reason": "stale", "last_good_age_hours": "72"},
                    key_result="{check_in: daily}",
                ),
                Case("Every two weeks", "2013-05-03", {"value": "10"}, key_result="{check_in: biweekly}"),
                Case("Every month", "2013-06-06", {"value": "10"}, key_result="{check_in: monthly}"),
                Case(
                    "Its age stops at the end of the key result",
                    "2013-12-31",
                    {"value": "10", "status": "missed"},
                    key_result="{ends: 2013-04-19}",
                ),
                Case(
                    "A day of 25 hours is a day",
                    "2013-11-10",
                    {"value": "10"},
                    project="{timezone: America/New_York}",
                    key_result="{starts: 2013-10-01, ends: 2013-12-31}",
                    told=("2013-10-27 value=10",),
                ),
            ),
        ),
        Table(
            title="Learning",
            prose="""
After its end a learning key result is *achieved* with its baseline, or with a check-in that carries a finding, whatever
its score. An open one is never *achieved* for a finding alone. Other intents are graded by their numbers.
""",
            objective="{intent: learning}",
            metric="{freshness: 90d}",
            key_result="{measure: {baseline: {needs: 8}}}",
            observed=("2013-04-01 1x4",),
            cases=(
                Case("Neither", "2013-04-20", {"progress": "1/2", "status": "missed"}),
                Case(
                    "A finding",
                    "2013-04-20",
                    {"progress": "1/2", "status": "achieved"},
                    told=("2013-04-08 finding=weather",),
                ),
                Case(
                    "A baseline",
                    "2013-04-20",
                    {"progress": "1", "status": "achieved"},
                    observed=("2013-04-05 1x4",),
                ),
                Case(
                    "A finding before the end",
                    "2013-04-08",
                    {"progress": "1/2", "status": "on_track"},
                    told=("2013-04-08 finding=weather",),
                ),
                Case(
                    "A finding without any number",
                    "2013-04-20",
                    {"progress": "unknown", "status": "achieved", "reason": "no_observation"},
                    key_result="{measure: {manual: {from: 0, to: 5}}}",
                    told=("2013-04-08 finding=weather",),
                ),
                Case(
                    "Its objective is achieved with it",
                    "2013-04-20",
                    {"score": "1/2", "status": "achieved"},
                    told=("2013-04-08 finding=weather",),
                    of="C/objective",
                ),
                Case(
                    "A finding does not make a commitment good",
                    "2013-04-20",
                    {"progress": "1/2", "status": "missed"},
                    objective="{intent: committed}",
                    told=("2013-04-08 finding=weather",),
                ),
                Case(
                    "A note is no finding",
                    "2013-04-20",
                    {"status": "missed"},
                    told=("2013-04-08 note=weather",),
                ),
            ),
        ),
        Table(
            title="Confidence",
            prose="""
Of any key result, whatever it is measured by: the newest confidence that was told. It changes no score.
""",
            metric="{freshness: 90d}",
            key_result="{measure: {accumulate: {to: 100}}}",
            observed=("2013-04-01 10x5",),
            cases=(
                Case("Nobody said any", "2013-04-05", {"confidence": "–", "progress": "1/2"}),
                Case(
                    "The newest counts",
                    "2013-04-05",
                    {"confidence": "0.6", "progress": "1/2", "status": "on_track"},
                    told=("2013-04-02 confidence=0.9", "2013-04-04 confidence=0.6"),
                ),
                Case(
                    "Of then",
                    "2013-04-03",
                    {"confidence": "0.9", "progress": "3/10"},
                    told=("2013-04-02 confidence=0.9", "2013-04-04 confidence=0.6"),
                ),
                Case(
                    "A check-in without one leaves it as it was",
                    "2013-04-05",
                    {"confidence": "0.9"},
                    told=("2013-04-02 confidence=0.9", "2013-04-04 note=holiday"),
                ),
                Case("None at all is 0", "2013-04-05", {"confidence": "0"}, told=("2013-04-02 confidence=0",)),
                Case(
                    "Another key result's is another's",
                    "2013-04-05",
                    {"confidence": "–"},
                    told=("2013-04-02 confidence=0.4 of=C/other",),
                ),
            ),
        ),
    ),
)
