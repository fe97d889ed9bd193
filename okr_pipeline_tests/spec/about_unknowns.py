"""The manual's chapter on the unknown: every reason, and which wins."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

_UNKNOWN = {"progress": "unknown", "status": "unknown"}

SECTION = Section(
    title="Unknown, and why",
    prose="""
Unknown progress is null with a reason, never 0. Of several reasons the most telling is given, in this order: not started,
source failed, quarantined, no observation, stale, undefined baseline, below coverage, no period ended. What was last known
for good travels along with its age.
""",
    tables=(
        Table(
            title="Every reason",
            prose="A day is stale three days after its end, unless the metric says otherwise.",
            metric="{rollup: sum}",
            key_result="{measure: {accumulate: {to: 100}}}",
            cases=(
                Case(
                    "Before the start",
                    "2013-03-31",
                    {"progress": "unknown", "status": "not_started", "reason": "not_started"},
                    ("2013-03-30 10 10",),
                ),
                Case(
                    "The source could not be read",
                    "2013-04-03",
                    {**_UNKNOWN, "reason": "source_failed", "last_good_value": "30", "last_good_age_hours": "0"},
                    ("2013-04-01 10 10 10",),
                    failed=("warehouse",),
                ),
                Case(
                    "The metric could not be read",
                    "2013-04-03",
                    {**_UNKNOWN, "reason": "source_failed", "last_good_value": "20", "last_good_age_hours": "24"},
                    ("2013-04-01 10 10",),
                    failed=("kpi",),
                ),
                Case(
                    "Another source's failure is another's",
                    "2013-04-03",
                    {"progress": "3/10", "status": "on_track", "reason": "–"},
                    ("2013-04-01 10 10 10",),
                    failed=("crm",),
                ),
                Case(
                    "Periods have ended and nothing was observed",
                    "2013-04-03",
                    {**_UNKNOWN, "reason": "no_observation", "last_good_value": "–", "last_good_age_hours": "–"},
                ),
                Case(
                    "Three days old is fresh",
                    "2013-04-06",
                    {"progress": "3/10", "status": "on_track", "reason": "–"},
                    ("2013-04-01 10 10 10",),
                ),
                Case(
                    "Four days old is stale",
                    "2013-04-07",
                    {**_UNKNOWN, "reason": "stale", "last_good_value": "30", "last_good_age_hours": "96"},
                    ("2013-04-01 10 10 10",),
                ),
                Case(
                    "A metric's own freshness",
                    "2013-04-05",
                    {**_UNKNOWN, "reason": "stale", "last_good_value": "30", "last_good_age_hours": "48"},
                    ("2013-04-01 10 10 10",),
                    "{freshness: 36h}",
                ),
                Case(
                    "What has ended does not go stale",
                    "2013-05-31",
                    {"progress": "1", "status": "achieved", "reason": "–"},
                    ("2013-04-01 10x10",),
                ),
                Case(
                    "Unless it was stale at its end",
                    "2013-05-31",
                    {**_UNKNOWN, "reason": "stale", "last_good_value": "50", "last_good_age_hours": "1344"},
                    ("2013-04-01 10x5",),
                ),
                Case(
                    "A source that fails long after the end changes nothing",
                    "2013-05-31",
                    {"progress": "1", "status": "achieved", "reason": "–"},
                    ("2013-04-01 10x10",),
                    failed=("warehouse",),
                ),
                Case(
                    "There is no baseline",
                    "2013-04-03",
                    {**_UNKNOWN, "reason": "undefined_baseline"},
                    ("2013-04-01 10 10 10",),
                    key_result="{measure: {change: {by: +10%}}}",
                ),
                Case(
                    "Too many gaps",
                    "2013-04-05",
                    {**_UNKNOWN, "reason": "below_coverage"},
                    ("2013-04-01 10 _ _ 10 10",),
                ),
                Case(
                    "No period has ended: a month, on its third day",
                    "2013-04-03",
                    {**_UNKNOWN, "reason": "no_period_ended"},
                    ("2013-03-01 10",),
                    "{grain: month}",
                    "{ends: 2013-06-30}",
                ),
            ),
        ),
        Table(
            title="Which reason wins",
            prose="Each of these has two.",
            metric="{rollup: sum}",
            key_result="{measure: {accumulate: {to: 100}}}",
            cases=(
                Case(
                    "Not started before source failed",
                    "2013-03-31",
                    {"status": "not_started", "reason": "not_started"},
                    failed=("warehouse",),
                ),
                Case(
                    "Source failed before quarantined",
                    "2013-04-01",
                    {"status": "unknown", "reason": "source_failed"},
                    ("2013-04-01 !",),
                    failed=("warehouse",),
                ),
                Case(
                    "Quarantined before no observation",
                    "2013-04-01",
                    {"status": "unknown", "reason": "quarantined"},
                    ("2013-04-01 !",),
                ),
                Case(
                    "No observation before stale",
                    "2013-04-05",
                    {"status": "unknown", "reason": "no_observation"},
                    ("2013-03-20 10",),
                ),
                Case(
                    "Stale before undefined baseline",
                    "2013-04-07",
                    {"status": "unknown", "reason": "stale"},
                    ("2013-04-01 10",),
                    key_result="{measure: {change: {by: +10%}}}",
                ),
                Case(
                    "Undefined baseline before below coverage",
                    "2013-04-05",
                    {"status": "unknown", "reason": "undefined_baseline"},
                    ("2013-04-01 10 _ _ _ 10",),
                    key_result="{measure: {change: {by: +10%}}, over: trailing 5 days}",
                ),
                Case(
                    "And so for a target that is written, from a baseline that is not",
                    "2013-04-05",
                    {"status": "unknown", "reason": "undefined_baseline"},
                    ("2013-04-01 10 _ _ _ 10",),
                    key_result="{measure: {reach: {from: at_start, to: 50}}, over: trailing 5 days}",
                ),
                Case(
                    "Stale before no period ended: last month never came",
                    "2013-04-03",
                    {"status": "unknown", "reason": "stale"},
                    ("2012-12-01 10",),
                    "{grain: month, freshness: 60d}",
                    "{ends: 2013-06-30}",
                ),
            ),
        ),
    ),
)
