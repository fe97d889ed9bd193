"""The manual's chapter on comparisons: by which parts a score changed from one instant to another."""

from okr_pipeline_tests.spec.tables import Compared, Section, Side, Table

_SAID_DAILY = "{objective: {key_results: {told: {check_in: daily, measure: {manual: {from: 0, to: 20}}}}}}"
_DAY_4, _DAY_5, _DAY_6 = "2013-04-04", "2013-04-05", "2013-04-06"
_SEEN = Side(_DAY_4, ("2013-04-01 5x4",))
_HOLES = Side(_DAY_4, ("2013-04-01 5 5 _ 5",))

SECTION = Section(
    title="Comparisons",
    prose="""
What `okr compare` tells of two instants. The score is worked out again in one world after the other, each of which takes one
thing more from the later end, in this order: `restated_data`, `late_data`, `new_data`, `target_amendment`,
`date_and_mapping_amendment`, `weight_amendment`, `time_passing`. What a step changes is its part, so that `from` and the
parts come to `to`, exactly. A part that is not written is 0. *Then* and *now* are what was observed and defined by either
end.
""",
    tables=(
        Table(
            title="Data",
            prose="A sum up to 100, of which any day may be missing.",
            key_result="{measure: {accumulate: {to: 100}}, min_coverage: 0}",
            compared=(
                Compared(
                    "Nothing happened but a day",
                    _SEEN,
                    Side(_DAY_5, ("2013-04-01 5x4",)),
                    {"from": "1/5", "to": "1/5"},
                ),
                Compared(
                    "New: of periods that ended since",
                    _SEEN,
                    Side(_DAY_6, ("2013-04-01 5x6",)),
                    {"from": "1/5", "new_data": "1/10", "to": "3/10"},
                ),
                Compared(
                    "Late: of a period that had ended, and was not known",
                    _HOLES,
                    Side(_DAY_4, ("2013-04-01 5 5 9 5",)),
                    {"from": "3/20", "late_data": "9/100", "to": "6/25"},
                ),
                Compared(
                    "Late, too, is what was refused then and is not any more",
                    Side(_DAY_4, ("2013-04-01 5 5 ! 5",)),
                    Side(_DAY_4, ("2013-04-01 5 5 9 5",)),
                    {"from": "3/20", "late_data": "9/100", "to": "6/25"},
                ),
                Compared(
                    "Restated: of a period that was known otherwise",
                    _SEEN,
                    Side(_DAY_4, ("2013-04-01 5 9 5 5",)),
                    {"from": "1/5", "restated_data": "1/25", "to": "6/25"},
                ),
                Compared(
                    "Withdrawn",
                    _SEEN,
                    Side(_DAY_4, ("2013-04-01 5 null 5 5",)),
                    {"from": "1/5", "restated_data": "-1/20", "to": "3/20"},
                ),
                Compared(
                    "All three at once",
                    _HOLES,
                    Side(_DAY_6, ("2013-04-01 5 6 7 5 5 5",)),
                    {
                        "from": "3/20",
                        "restated_data": "1/100",
                        "late_data": "7/100",
                        "new_data": "1/10",
                        "to": "33/100",
                    },
                ),
                Compared(
                    "Two that cancel out are both told",
                    _SEEN,
                    Side(_DAY_5, ("2013-04-01 5 9 5 5 -4",)),
                    {"from": "1/5", "restated_data": "1/25", "new_data": "-1/25", "to": "1/5"},
                ),
            ),
        ),
        Table(
            title="Time",
            prose="The mean of the last two days, from 0 to 100.",
            metric="{rollup: mean}",
            key_result="{measure: {reach: {from: 0, to: 100}}, over: trailing 2 days}",
            compared=(
                Compared(
                    "A window that moves: what came is told first, in the window as it was, then what it let go of",
                    Side(_DAY_4, ("2013-04-01 10 10 20 40",)),
                    Side(_DAY_5, ("2013-04-01 10 10 20 40 60",)),
                    {"from": "3/10", "new_data": "1/10", "time_passing": "1/10", "to": "1/2"},
                ),
                Compared(
                    "One that nothing came into",
                    Side(_DAY_4, ("2013-04-01 10 10 20 40",)),
                    Side(_DAY_5, ("2013-04-01 10 10 20 40",)),
                    {"from": "3/10", "time_passing": "1/10", "to": "2/5"},
                ),
                Compared(
                    "A value that grew too old is not known any more: that is no change",
                    Side(_DAY_4, ("2013-04-01 10 10 20 40",)),
                    Side("2013-04-08", ("2013-04-01 10 10 20 40",)),
                    {"from": "3/10", "to": "unknown", "turned": "time_passing"},
                ),
                Compared(
                    "A source that could not be read",
                    Side(_DAY_4, ("2013-04-01 10 10 20 40",)),
                    Side(_DAY_4, ("2013-04-01 10 10 20 40",), failed=("kpi",)),
                    {"from": "3/10", "to": "unknown", "turned": "time_passing"},
                ),
                Compared(
                    "What had not started is known when it has",
                    Side("2013-03-31"),
                    Side("2013-04-01", ("2013-04-01 10",)),
                    {"from": "unknown", "to": "1/10", "turned": "time_passing"},
                ),
                Compared(
                    "What had started is known by data that came late",
                    Side("2013-04-02"),
                    Side("2013-04-02", ("2013-04-01 10 20",)),
                    {"from": "unknown", "to": "3/20", "turned": "late_data"},
                ),
            ),
        ),
        Table(
            title="Amendments of one key result",
            prose="From 0 to 100, with a sum of the days.",
            metrics="{other: {}}",
            key_result="{measure: {accumulate: {to: 100}}}",
            observed=("2013-04-01 5x4", "other 2013-04-01 10x4"),
            compared=(
                Compared(
                    "The target",
                    Side(_DAY_4),
                    Side(_DAY_5, key_result="{amendments: [{on: 2013-04-05, to: 80}]}"),
                    {"from": "1/5", "target_amendment": "1/20", "to": "1/4"},
                ),
                Compared(
                    "One that does not hold yet",
                    Side(_DAY_4),
                    Side(_DAY_5, key_result="{amendments: [{on: 2013-04-06, to: 80}]}"),
                    {"from": "1/5", "to": "1/5"},
                ),
                Compared(
                    "One that held at both ends",
                    Side(_DAY_4, key_result="{amendments: [{on: 2013-04-02, to: 80}]}"),
                    Side(_DAY_5, key_result="{amendments: [{on: 2013-04-02, to: 80}]}"),
                    {"from": "1/4", "to": "1/4"},
                ),
                Compared(
                    "The first day: what came before it no longer counts",
                    Side(_DAY_4),
                    Side(_DAY_5, key_result="{amendments: [{on: 2013-04-05, starts: 2013-04-03}]}"),
                    {"from": "1/5", "date_and_mapping_amendment": "-1/10", "to": "1/10"},
                ),
                Compared(
                    "The last day moves the plan, and no progress",
                    Side(_DAY_4),
                    Side(_DAY_5, key_result="{amendments: [{on: 2013-04-05, ends: 2013-04-20}]}"),
                    {"from": "1/5", "to": "1/5"},
                ),
                Compared(
                    "The metric",
                    Side(_DAY_4),
                    Side(_DAY_5, key_result="{amendments: [{on: 2013-04-05, metric: other}]}"),
                    {"from": "1/5", "date_and_mapping_amendment": "1/5", "to": "2/5"},
                ),
                Compared(
                    "A measure of another kind comes with the mapping",
                    Side(_DAY_4),
                    Side(_DAY_5, key_result="{amendments: [{on: 2013-04-05, measure: {reach: {from: 0, to: 10}}}]}"),
                    {"from": "1/5", "date_and_mapping_amendment": "3/10", "to": "1/2"},
                ),
                Compared(
                    "The weight moves no progress",
                    Side(_DAY_4),
                    Side(_DAY_5, key_result="{amendments: [{on: 2013-04-05, weight: 3}]}"),
                    {"from": "1/5", "to": "1/5"},
                ),
                Compared(
                    "The target of what it was before the metric is amended, then the metric",
                    Side(_DAY_4),
                    Side(_DAY_5, key_result="{amendments: [{on: 2013-04-05, to: 80, metric: other}]}"),
                    {
                        "from": "1/5",
                        "target_amendment": "1/20",
                        "date_and_mapping_amendment": "1/4",
                        "to": "1/2",
                    },
                ),
                Compared(
                    "Data first, by the promise as it was; then the promise",
                    Side(_DAY_4),
                    Side(
                        _DAY_6,
                        ("2013-04-05 20 20",),
                        "{amendments: [{on: 2013-04-05, to: 80, starts: 2013-04-03}]}",
                    ),
                    {
                        "from": "1/5",
                        "new_data": "2/5",
                        "target_amendment": "3/20",
                        "date_and_mapping_amendment": "-1/8",
                        "to": "5/8",
                    },
                ),
                Compared(
                    "Beyond the target progress goes on",
                    Side(_DAY_4),
                    Side(_DAY_5, ("2013-04-05 30",), "{amendments: [{on: 2013-04-05, to: 40}]}"),
                    {"from": "1/5", "new_data": "3/10", "target_amendment": "3/4", "to": "5/4"},
                ),
                Compared(
                    "The score does not",
                    Side(_DAY_4),
                    Side(_DAY_5, ("2013-04-05 30",), "{amendments: [{on: 2013-04-05, to: 40}]}"),
                    {"from": "1/5", "new_data": "3/10", "target_amendment": "1/2", "to": "1"},
                    number="score",
                ),
            ),
        ),
        Table(
            title="Steps and check-ins",
            prose="What people say is news, or comes late, as what sources say is.",
            objectives="""
objective:
  key_results:
    steps: {measure: {milestones: [{title: One}, {title: Two, weight: 3}]}}
    told: {measure: {manual: {from: 0, to: 20}}}
""",
            compared=(
                Compared(
                    "A step that is done is new",
                    Side(_DAY_4),
                    Side(
                        _DAY_6,
                        objectives="""{objective: {key_results: {
                            steps: {measure: {milestones: [{title: One, done_on: 2013-04-05}, {title: Two, weight: 3}]}},
                            told: {measure: {manual: {from: 0, to: 20}}}}}}""",
                    ),
                    {"from": "0", "new_data": "1/4", "to": "1/4"},
                    of="C/steps",
                ),
                Compared(
                    "The weight of a step is part of the target",
                    Side(_DAY_4),
                    Side(
                        _DAY_6,
                        objectives="""{objective: {key_results: {
                            steps: {measure: {milestones: [{title: One, done_on: 2013-04-05}, {title: Two, weight: 1}]}},
                            told: {measure: {manual: {from: 0, to: 20}}}}}}""",
                    ),
                    {"from": "0", "new_data": "1/4", "target_amendment": "1/4", "to": "1/2"},
                    of="C/steps",
                ),
                Compared(
                    "What is said of a later day is new",
                    Side(_DAY_4, told=("2013-04-02 of=C/told value=4",)),
                    Side(_DAY_6, told=("2013-04-02 of=C/told value=4", "2013-04-05 of=C/told value=10")),
                    {"from": "1/5", "new_data": "3/10", "to": "1/2"},
                    of="C/told",
                ),
                Compared(
                    "What is said of an earlier one is late",
                    Side(_DAY_4, told=("2013-04-02 of=C/told value=4",)),
                    Side(_DAY_6, told=("2013-04-02 of=C/told value=4", "2013-04-03 of=C/told value=10")),
                    {"from": "1/5", "late_data": "3/10", "to": "1/2"},
                    of="C/told",
                ),
                Compared(
                    "What was said too long ago is stale in time, whatever is new",
                    Side(_DAY_4, told=("2013-04-02 of=C/told value=4",), objectives=_SAID_DAILY),
                    Side("2013-04-08", told=("2013-04-02 of=C/told value=4",), objectives=_SAID_DAILY),
                    {"from": "1/5", "to": "unknown", "turned": "time_passing"},
                    of="C/told",
                ),
            ),
        ),
        Table(
            title="Objectives",
            prose="Two sums, of which the second is twice as far as the first.",
            objectives="""
objective:
  key_results:
    kr: {measure: {accumulate: {to: 100}}}
    more: {measure: {accumulate: {to: 50}}}
""",
            observed=("2013-04-01 5x4",),
            compared=(
                Compared(
                    "New data moves the mean of both",
                    Side(_DAY_4),
                    Side(_DAY_5, ("2013-04-05 5",)),
                    {"from": "3/10", "new_data": "3/40", "to": "3/8"},
                    of="C/objective",
                    number="score",
                ),
                Compared(
                    "A weight",
                    Side(_DAY_4),
                    Side(
                        _DAY_5,
                        objectives="""{objective: {key_results: {
                            kr: {measure: {accumulate: {to: 100}}, amendments: [{on: 2013-04-05, weight: 3}]},
                            more: {measure: {accumulate: {to: 50}}}}}}""",
                    ),
                    {"from": "3/10", "weight_amendment": "-1/20", "to": "1/4"},
                    of="C/objective",
                    number="score",
                ),
                Compared(
                    "One that is paused counts no longer: that is its weight",
                    Side(_DAY_4),
                    Side(
                        _DAY_5,
                        objectives="""{objective: {key_results: {
                            kr: {measure: {accumulate: {to: 100}}, amendments: [{on: 2013-04-05, state: paused}]},
                            more: {measure: {accumulate: {to: 50}}}}}}""",
                    ),
                    {"from": "3/10", "weight_amendment": "1/10", "to": "2/5"},
                    of="C/objective",
                    number="score",
                ),
                Compared(
                    "Another key result is there",
                    Side(_DAY_4),
                    Side(
                        _DAY_5,
                        objectives="""{objective: {key_results: {
                            kr: {measure: {accumulate: {to: 100}}},
                            more: {measure: {accumulate: {to: 50}}},
                            third: {measure: {accumulate: {to: 20}}}}}}""",
                    ),
                    {"from": "3/10", "weight_amendment": "7/30", "to": "8/15"},
                    of="C/objective",
                    number="score",
                ),
                Compared(
                    "Everything at once: data by the old promise, the target, the first day by the new target, and the weight",
                    Side(_DAY_4),
                    Side(
                        _DAY_6,
                        ("2013-04-05 5 5",),
                        objectives="""{objective: {key_results: {
                            kr: {measure: {accumulate: {to: 100}},
                                 amendments: [{on: 2013-04-05, to: 75, starts: 2013-04-03, weight: 3}]},
                            more: {measure: {accumulate: {to: 50}}}}}}""",
                    ),
                    {
                        "from": "3/10",
                        "new_data": "3/20",
                        "target_amendment": "1/20",
                        "date_and_mapping_amendment": "-1/15",
                        "weight_amendment": "-1/12",
                        "to": "7/20",
                    },
                    of="C/objective",
                    number="score",
                ),
                Compared(
                    "An objective whose values grew too old",
                    Side(_DAY_4),
                    Side("2013-04-08"),
                    {"from": "3/10", "to": "unknown", "turned": "time_passing"},
                    of="C/objective",
                    number="score",
                ),
            ),
        ),
    ),
)
