"""The manual's chapter on amendments: what a score is when what was promised changed on the way."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

_REACH = "{measure: {reach: {from: 0, to: 100}}, amendments: [{on: 2013-04-06, to: 80}]}"

SECTION = Section(
    title="Amendments",
    prose="""
An amendment holds from the start of its day, on. A score as of an earlier day is what it was; one as of a later day is by
the definition of that day, and is told beside `original_target` and `original_progress`, which are by the definition before
any amendment. Where nothing was amended by then, the two are the same.
""",
    tables=(
        Table(
            title="The day of an amendment",
            prose="From 0 to 100, and from April 6th on to 80.",
            metric="{rollup: last}",
            key_result=_REACH,
            observed=("2013-04-01 40x10",),
            cases=(
                Case(
                    "The day before it",
                    "2013-04-05",
                    {"target": "100", "progress": "2/5", "original_target": "100", "original_progress": "2/5"},
                ),
                Case(
                    "The instant at which its day starts still speaks of the day before",
                    "2013-04-06T00:00:00+00:00",
                    {"target": "100", "progress": "2/5"},
                ),
                Case(
                    "A moment later it holds",
                    "2013-04-06T00:00:01+00:00",
                    {"target": "80", "progress": "1/2", "original_target": "100", "original_progress": "2/5"},
                ),
                Case(
                    "And from then on",
                    "2013-04-10",
                    {"target": "80", "progress": "1/2", "original_target": "100", "original_progress": "2/5"},
                ),
                Case(
                    "The day starts in the project's zone",
                    "2013-04-06T03:59:00+00:00",
                    {"target": "100"},
                    ("2013-04-05 40",),
                    project="{timezone: America/New_York}",
                ),
                Case(
                    "Of two, the later one holds, and the original stays the first",
                    "2013-04-10",
                    {"target": "50", "progress": "4/5", "original_target": "100", "original_progress": "2/5"},
                    key_result="{amendments: [{on: 2013-04-06, to: 80}, {on: 2013-04-08, to: 50}]}",
                ),
                Case(
                    "Back to what it was",
                    "2013-04-10",
                    {"target": "100", "progress": "2/5", "original_target": "100", "original_progress": "2/5"},
                    key_result="{amendments: [{on: 2013-04-06, to: 80}, {on: 2013-04-08, to: 100}]}",
                ),
                Case(
                    "One of a day to come changes nothing yet",
                    "2013-04-08",
                    {"target": "100", "progress": "2/5"},
                    key_result="{amendments: [{on: 2013-04-09, to: 80}]}",
                ),
            ),
        ),
        Table(
            title="What can be amended",
            prose="Each of the numbers of a measure, and dates, mapping and weight.",
            metric="{rollup: last}",
            key_result="{measure: {reach: {from: 0, to: 100}}}",
            observed=("2013-04-01 40x10",),
            cases=(
                Case(
                    "Where it starts from",
                    "2013-04-10",
                    {"baseline": "20", "progress": "1/4", "original_progress": "2/5"},
                    key_result="{amendments: [{on: 2013-04-06, from: 20}]}",
                ),
                Case(
                    "The last day: by the same value the plan asks for less",
                    "2013-04-05",
                    {"progress": "2/5", "expected_progress": "1/4", "original_progress": "2/5"},
                    key_result="{amendments: [{on: 2013-04-05, ends: 2013-04-20}]}",
                ),
                Case(
                    "The first day of a sum: what came before it no longer counts",
                    "2013-04-10",
                    {"value": "200", "progress": "1/4", "original_progress": "1/2"},
                    metric="{rollup: sum}",
                    key_result="{measure: {accumulate: {to: 800}}, amendments: [{on: 2013-04-06, starts: 2013-04-06}]}",
                ),
                Case(
                    "The plan",
                    "2013-04-05",
                    {"progress": "2/5", "expected_progress": "1/5"},
                    key_result="{amendments: [{on: 2013-04-05, pace: {checkpoints: [{on: 2013-04-05, value: 20}]}}]}",
                ),
                Case(
                    "The weight",
                    "2013-04-10",
                    {"weight": "3", "progress": "2/5", "original_progress": "2/5"},
                    key_result="{amendments: [{on: 2013-04-06, weight: 3}]}",
                ),
                Case(
                    "Paused from a day on",
                    "2013-04-10",
                    {"status": "paused"},
                    key_result="{amendments: [{on: 2013-04-06, state: paused}]}",
                ),
                Case(
                    "And not before",
                    "2013-04-05",
                    {"status": "at_risk"},
                    key_result="{amendments: [{on: 2013-04-06, state: paused}]}",
                ),
                Case(
                    "Taken up again",
                    "2013-04-10",
                    {"status": "missed"},
                    key_result="{amendments: [{on: 2013-04-06, state: paused}, {on: 2013-04-08, state: active}]}",
                ),
            ),
        ),
        Table(
            title="Members, windows and metrics",
            prose="A mapping that is amended reads otherwise from its day on, and its baseline is measured anew.",
            metric="{rollup: last, dimensions: [carrier]}",
            metrics="{other: {rollup: last}}",
            key_result="{measure: {reach: {from: 0, to: 100}}, where: {carrier: B6}}",
            observed=("carrier=B6 2013-04-01 40x10", "carrier=AA 2013-04-01 60x10", "other 2013-04-01 80x10"),
            cases=(
                Case(
                    "Another member",
                    "2013-04-10",
                    {"value": "60", "progress": "3/5", "original_progress": "2/5"},
                    key_result="{amendments: [{on: 2013-04-06, where: {carrier: AA}}]}",
                ),
                Case(
                    "Another metric",
                    "2013-04-10",
                    {"metric": "other", "value": "80", "progress": "4/5", "original_progress": "2/5"},
                    key_result="{amendments: [{on: 2013-04-06, metric: other, where: {}}]}",
                ),
                Case(
                    "From where the other member stood at the start",
                    "2013-04-10",
                    {"baseline": "50", "progress": "1/5", "original_progress": "1/3"},
                    observed=("carrier=B6 2013-03-31 10", "carrier=AA 2013-03-31 50"),
                    key_result="""{measure: {reach: {from: at_start, to: 100}},
                        amendments: [{on: 2013-04-06, where: {carrier: AA}}]}""",
                ),
            ),
        ),
        Table(
            title="Objectives",
            prose="An objective weighs its key results as they are defined on the day.",
            metric="{rollup: last}",
            objectives="""
objective:
  key_results:
    kr: {measure: {reach: {from: 0, to: 100}}}
    more: {measure: {reach: {from: 0, to: 40}}, amendments: [{on: 2013-04-06, weight: 3}]}
""",
            observed=("2013-04-01 40x10",),
            cases=(
                Case("Before a weight is amended", "2013-04-05", {"score": "7/10"}, of="C/objective"),
                Case("After it", "2013-04-06", {"score": "17/20"}, of="C/objective"),
            ),
        ),
    ),
)
