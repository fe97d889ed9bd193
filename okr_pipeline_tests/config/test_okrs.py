"""What can be wrong with cycles, objectives and key results, and exactly what is said about it."""

from typing import Final

import pytest

QUARTER: Final = "okrs/2013-q2.yaml"
YEAR: Final = "okrs/2013.yaml"

CASES: Final = {
    "cycle missing": (
        YEAR,
        "cycle: {id: 2013, starts: 2013-01-01, ends: 2013-12-31}\n",
        "",
        "okrs/2013.yaml:1:1: file has no 'cycle'. Objectives are set for a stretch of days. Add 'cycle: {id: 2013-Q2, starts: 2013-04-01, ends: 2013-06-30}'.",
    ),
    "cycle ends before it starts": (
        YEAR,
        "ends: 2013-12-31",
        "ends: 2012-12-31",
        "okrs/2013.yaml:1:45: cycle: ends: 2012-12-31 is before starts, 2013-01-01. A cycle has at least one day. Exchange the two.",
    ),
    "cycle defined twice": (
        YEAR,
        "id: 2013,",
        "id: 2013-Q2,",
        "okrs/2013.yaml:1:13: file: cycle.id: cycle '2013-Q2' is defined in another file, too. The ids of its objectives would meet. Give it another id, or put the objectives into one file.",
    ),
    "cycle with a bad date": (
        YEAR,
        "starts: 2013-01-01",
        "starts: 1.1.2013",
        "okrs/2013.yaml:1:27: cycle: starts: '1.1.2013' is not a date. Dates are year-month-day. Write it as in 2013-04-01.",
    ),
    "check_in misspelt": (
        QUARTER,
        "check_in: weekly",
        "check_in: weekley",
        "okrs/2013-q2.yaml:1:70: cycle: check_in: 'weekley' is not one of daily, weekly, biweekly, monthly. How often people check in. Did you mean 'weekly'?",
    ),
    "unknown key of the file": (
        YEAR,
        "objectives:",
        "objektives:",
        "okrs/2013.yaml:2:1: file: objektives is not a known key. Unknown keys are refused, so that no misspelt one is passed over. Did you mean 'objectives'?",
    ),
    "objective without owner": (
        QUARTER,
        "    owner: coo@harbour.example\n",
        "",
        "okrs/2013-q2.yaml:3:3: objective '2013-Q2/punctual' has no 'owner'. Who answers for it. Add 'owner: coo@harbour.example'.",
    ),
    "objective with an unknown level": (
        QUARTER,
        "level: company",
        "level: galaxy",
        "okrs/2013-q2.yaml:6:12: objective '2013-Q2/punctual': level: 'galaxy' is not one of company, department, team, individual. Where in the organisation it lives. Known values: company, department, team, individual.",
    ),
    "objective with an unknown key": (
        QUARTER,
        "    horizon: strategic",
        "    horizons: strategic",
        "okrs/2013-q2.yaml:8:5: objective '2013-Q2/punctual': horizons is not a known key. Unknown keys are refused, so that no misspelt one is passed over. Did you mean 'horizon'?",
    ),
    "objective without key results": (
        YEAR,
        "    key_results:\n      delay:\n        title: Cut the delay for the year\n        metric: departure_delay\n        measure: {reach: {from: at_start, to: 9}}\n        over: trailing 3 months\n        owner: ceo@harbour.example\n",
        "",
        "okrs/2013.yaml:3:3: objective '2013/lead' has no 'key_results'. Two to five measurable promises, by id. Add 'key_results: …'.",
    ),
    "objective with no key results in it": (
        YEAR,
        "    key_results:\n      delay:\n        title: Cut the delay for the year\n        metric: departure_delay\n        measure: {reach: {from: at_start, to: 9}}\n        over: trailing 3 months\n        owner: ceo@harbour.example\n",
        "    key_results: {}\n",
        "okrs/2013.yaml:8:5: objective '2013/lead': key_results is empty. An objective is known by its key results. Add two to five.",
    ),
    "key results as a list": (
        YEAR,
        "    key_results:\n      delay:\n        title: Cut the delay for the year\n        metric: departure_delay\n        measure: {reach: {from: at_start, to: 9}}\n        over: trailing 3 months\n        owner: ceo@harbour.example\n",
        "    key_results: [a]\n",
        "okrs/2013.yaml:8:18: objective '2013/lead': key_results: a list is not a mapping of keys. Two to five measurable promises, by id. Correct it.",
    ),
    "unknown parent": (
        QUARTER,
        "parent: punctual",
        "parent: punktual",
        "okrs/2013-q2.yaml:40:13: objective '2013-Q2/grow': parent: there is no objective 'punktual' in cycle '2013-Q2'. An objective aligns to one that is defined. Did you mean 'punctual'?",
    ),
    "unknown parent of another cycle": (
        QUARTER,
        "parent: 2013/lead",
        "parent: 2013/leed",
        "okrs/2013-q2.yaml:10:13: objective '2013-Q2/punctual': parent: there is no objective '2013/leed'. An objective aligns to one that is defined. Did you mean '2013/lead'?",
    ),
    "parent of another cycle by its short id": (
        QUARTER,
        "parent: 2013/lead",
        "parent: lead",
        "okrs/2013-q2.yaml:10:13: objective '2013-Q2/punctual': parent: there is no objective 'lead' in cycle '2013-Q2'. An objective aligns to one that is defined. Write '2013/lead'.",
    ),
    "parent is the objective itself": (
        QUARTER,
        "parent: punctual",
        "parent: grow",
        "okrs/2013-q2.yaml:40:13: objective '2013-Q2/grow': parent: '2013-Q2/grow' leads back to this objective. An objective cannot be above itself. Name a parent outside the circle, or null.",
    ),
    "parents in a circle": (
        QUARTER,
        "parent: 2013/lead",
        "parent: grow",
        "okrs/2013-q2.yaml:10:13: objective '2013-Q2/punctual': parent: '2013-Q2/grow' leads back to this objective. An objective cannot be above itself. Name a parent outside the circle, or null.",
        "okrs/2013-q2.yaml:40:13: objective '2013-Q2/grow': parent: '2013-Q2/punctual' leads back to this objective. An objective cannot be above itself. Name a parent outside the circle, or null.",
    ),
    "contributes without parent": (
        QUARTER,
        "    parent: 2013/lead\n",
        "",
        "okrs/2013-q2.yaml:10:5: objective '2013-Q2/punctual': contributes is given without a parent. A score can only be added to that of a parent. Add 'parent: …', or remove contributes.",
    ),
    "contributes without weight": (
        QUARTER,
        "contributes: {weight: 1}",
        "contributes: {}",
        "okrs/2013-q2.yaml:11:5: objective '2013-Q2/punctual': contributes: 'weight' is missing. Weight among the parent's key results and children. Add 'weight: 1'.",
    ),
    "contributes nothing": (
        QUARTER,
        "contributes: {weight: 1}",
        "contributes: {weight: 0}",
        "okrs/2013-q2.yaml:11:27: objective '2013-Q2/punctual': contributes.weight: 0 is not greater than 0. Weight among the parent's key results and children. Write a number greater than 0.",
    ),
    "key result id twice in the cycle": (
        QUARTER,
        "      budget:",
        "      delay:",
        "okrs/2013-q2.yaml:48:7: key result '2013-Q2/delay': id '2013-Q2/delay' is already that of the key result in line 13. Ids are unique in their cycle, so that one line of a report means one thing. Rename one of them.",
    ),
    "key result id of an objective": (
        QUARTER,
        "      budget:",
        "      grow:",
        "okrs/2013-q2.yaml:48:7: key result '2013-Q2/grow': id '2013-Q2/grow' is already that of the objective in line 35. Ids are unique in their cycle, so that one line of a report means one thing. Rename one of them.",
    ),
    "key result id": (
        QUARTER,
        "      budget:",
        "      bud get:",
        "okrs/2013-q2.yaml:48:7: key result '2013-Q2/bud get': 'bud get' is not an id. Ids become names of assets, columns and links: letters, digits, '_', '.' and '-', at most 100. Write 'bud-get'.",
    ),
    "missing title": (
        QUARTER,
        "        title: Spend no more than planned\n",
        "",
        "okrs/2013-q2.yaml:48:7: key result '2013-Q2/budget' has no 'title'. What is promised. Add 'title: Cut the average delay from 15 to 10 minutes'.",
    ),
    "missing measure": (
        QUARTER,
        "        measure: {limit: {to: 120000}}\n",
        "",
        "okrs/2013-q2.yaml:48:7: key result '2013-Q2/budget' has no 'measure'. How it is measured. Add 'measure: {reach: {from: 5, to: 8}}'.",
    ),
    "state misspelt": (
        QUARTER,
        "state: active",
        "state: actve",
        "okrs/2013-q2.yaml:22:16: key result '2013-Q2/delay': state: 'actve' is not one of active, paused, cancelled. Whether it is pursued. Did you mean 'active'?",
    ),
    "paused without reason": (
        QUARTER,
        "        state_reason: The counter is being rebuilt.\n",
        "",
        "okrs/2013-q2.yaml:76:16: key result '2013-Q2/find-out': state: paused has no reason. Whoever reads the scorecard will ask. Add 'state_reason: …'.",
    ),
    "starts outside the cycle": (
        QUARTER,
        "starts: 2013-04-15",
        "starts: 2013-03-15",
        "okrs/2013-q2.yaml:75:17: key result '2013-Q2/find-out': starts: 2013-03-15 is outside cycle '2013-Q2', 2013-04-01 to 2013-06-30. A key result is scored within its cycle. Choose a day of the cycle, or move it to another.",
    ),
    "ends before it starts": (
        QUARTER,
        "starts: 2013-04-15",
        "starts: 2013-04-15\n        ends: 2013-04-14",
        "okrs/2013-q2.yaml:76:15: key result '2013-Q2/find-out': ends: it ends on 2013-04-14, before it starts on 2013-04-15. A key result has at least one day. Correct starts or ends.",
    ),
    "weight of nothing": (
        QUARTER,
        "weight: 2\n",
        "weight: 0\n",
        "okrs/2013-q2.yaml:20:17: key result '2013-Q2/delay': weight: 0 is not greater than 0. Weight in its objective. Write a number greater than 0.",
    ),
    "weight is a text": (
        QUARTER,
        "weight: 2\n",
        "weight: two\n",
        "okrs/2013-q2.yaml:20:17: key result '2013-Q2/delay': weight: 'two' is not a number. Weight in its objective. Write it as in 1.0, or leave it out.",
    ),
    "min_coverage in percent": (
        QUARTER,
        "        state: active",
        "        min_coverage: 80",
        "okrs/2013-q2.yaml:22:23: key result '2013-Q2/delay': min_coverage: 80 is not a share, at most 1. Least share of observed periods for a score. Write 0.8 for 80 percent.",
    ),
    "pace misspelt": (
        QUARTER,
        "pace: linear",
        "pace: lineer",
        "okrs/2013-q2.yaml:19:15: key result '2013-Q2/delay': pace: 'lineer' is not a pace. Expected progress follows linear, business_days, seasonal, front_loaded, back_loaded, or dated values (checkpoints). Did you mean 'linear'?",
    ),
    "pace nearly right": (
        QUARTER,
        "pace: linear",
        "pace: busines-days",
        "okrs/2013-q2.yaml:19:15: key result '2013-Q2/delay': pace: 'busines-days' is not a pace. Expected progress follows linear, business_days, seasonal, front_loaded, back_loaded, or dated values (checkpoints). Did you mean 'business_days'?",
    ),
    "year ago in a span of more than a year": (
        QUARTER,
        "        measure: {accumulate: {to: +20% of previous_cycle}}",
        "        measure: {accumulate: {to: +20% of year_ago}}\n        ends: 2014-06-30",
        "okrs/2013-q2.yaml:45:36: key result '2013-Q2/more-flights': measure.accumulate.to: year_ago is given with a span of 456 days. The same days a year earlier would still run when it starts, and its target would not be known. Write previous_cycle, or a number.",
        "okrs/2013-q2.yaml:46:15: key result '2013-Q2/more-flights': ends: 2014-06-30 is outside cycle '2013-Q2', 2013-04-01 to 2013-06-30. A key result is scored within its cycle. Choose a day of the cycle, or move it to another.",
    ),
    "checkpoint outside the span": (
        QUARTER,
        "on: 2013-05-01",
        "on: 2013-03-01",
        "okrs/2013-q2.yaml:46:35: key result '2013-Q2/more-flights': pace.checkpoints[0].on: 2013-03-01 is outside 2013-04-01 to 2013-06-30. Checkpoints plan the days of the key result. Choose a day between them.",
    ),
    "checkpoints not in order": (
        QUARTER,
        "on: 2013-06-01",
        "on: 2013-04-30",
        "okrs/2013-q2.yaml:46:66: key result '2013-Q2/more-flights': pace.checkpoints[1].on: 2013-04-30 is not after the checkpoint before it, 2013-05-01. The plan runs through the checkpoints in order. Sort them by date, each date once.",
    ),
    "checkpoint without value": (
        QUARTER,
        "{on: 2013-06-01, value: 6000}",
        "{on: 2013-06-01}",
        "okrs/2013-q2.yaml:46:61: key result '2013-Q2/more-flights': pace.checkpoints[1]: 'value' is missing. Value planned for its end. Add 'value: 12'.",
    ),
    "milestone due outside the span": (
        QUARTER,
        "due: 2013-05-10",
        "due: 2013-07-10",
        "okrs/2013-q2.yaml:67:47: key result '2013-Q2/launches': measure.milestones[0].due: 2013-07-10 is outside 2013-04-01 to 2013-06-30. A step is planned for a day of the key result. Choose a day between them.",
    ),
    "milestone done and when": (
        QUARTER,
        "at_least: 10}}",
        "at_least: 10}, done_on: 2013-05-01}",
        "okrs/2013-q2.yaml:68:96: key result '2013-Q2/launches': measure.milestones[1].done_on is given beside when. A step is done on a date or when a metric gets there, not both. Remove one of them.",
    ),
    "milestones empty": (
        QUARTER,
        "          milestones:\n            - {title: Search, weight: 2, due: 2013-05-10, done_on: 2013-05-02}\n            - {title: Ten stores, when: {metric: stores, where: {region: east}, at_least: 10}}\n",
        "          milestones: []\n",
        "okrs/2013-q2.yaml:66:23: key result '2013-Q2/launches': measure.milestones is empty. Steps with weights. Write something, as in [{title: Search, due: 2013-05-10}].",
    ),
}
"""Name → file, what stands there, what is written instead, and every message."""


@pytest.mark.parametrize(
    ("file", "old", "new", "messages"), [(*case[:3], case[3:]) for case in CASES.values()], ids=list(CASES)
)
def test_every_mistake_is_told_with_its_place_and_its_remedy(editor, file, old, new, messages):
    assert editor.edit(file, old, new).problems() == list(messages)
