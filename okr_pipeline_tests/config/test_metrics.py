"""What can be wrong with a metric, and exactly what is said about it."""

from typing import Final

import pytest

METRICS: Final = "metrics/main.yaml"

CASES: Final = {
    "unknown key": (
        METRICS,
        "    freshness: 36h",
        "    freshnes: 36h",
        "metrics/main.yaml:17:5: metric 'departure_delay': freshnes is not a known key. Unknown keys are refused, so that no misspelt one is passed over. Did you mean 'freshness'?",
    ),
    "key of another connector": (
        METRICS,
        "file: signups.csv",
        "query: select",
        "metrics/main.yaml:47:3: metric 'signups' has no 'file'. Its name. Add 'file: …'.",
        "metrics/main.yaml:49:5: metric 'signups': query is not a known key. Unknown keys are refused, so that no misspelt one is passed over. Known keys: across, additivity, better, category, closes_after, columns, depends_on, dimensions, empty, expect, file, formula, ….",
    ),
    "milestones not yet": (
        METRICS,
        "    kind: lagging",
        "    milestones: []",
        "metrics/main.yaml:15:5: metric 'departure_delay': milestones is not available in this version; available: across, additivity, better, category, closes_after, depends_on, dimensions, empty, expect, formula, freshness, grain, healthy, kind, labels, level, name, owner, provisional, renamed_from, restates, rollup, source, suppress, survey, timezone, unit, why, year. What is not read must not look as if it counted. Remove 'milestones'.",
    ),
    "survey with a source and a request": (
        METRICS,
        "    name: Average departure delay\n",
        "    survey: true\n",
        "metrics/main.yaml:6:5: metric 'departure_delay': source is given with survey. The values of a survey are answers of people, one number each, and are read from check-ins. Remove source, or survey.",
        "metrics/main.yaml:7:5: metric 'departure_delay': query is given with survey. The values of a survey are answers of people, one number each, and are read from check-ins. Remove query, or survey.",
        "metrics/main.yaml:10:5: metric 'departure_delay': dimensions is given with survey. The values of a survey are answers of people, one number each, and are read from check-ins. Remove dimensions, or survey.",
        "metrics/main.yaml:21:5: metric 'departure_delay': depends_on is given with survey. The values of a survey are answers of people, one number each, and are read from check-ins. Remove depends_on, or survey.",
    ),
    "survey with a formula": (
        METRICS,
        "    formula: spend / flights\n",
        "    formula: spend / flights\n    survey: true\n    rollup: mean\n    empty: zero\n",
        "metrics/main.yaml:39:5: metric 'cost_per_flight': formula is given with survey. The values of a survey are answers of people, one number each, and are read from check-ins. Remove formula, or survey.",
        "metrics/main.yaml:42:5: metric 'cost_per_flight': empty: a survey nobody answers is not zero. Silence says nothing. Remove empty.",
    ),
    "missing grain": (
        METRICS,
        "    grain: day\n    unit: minutes",
        "    unit: minutes",
        "metrics/main.yaml:2:3: metric 'departure_delay' has no 'grain'. Length of its periods. Add 'grain: day'.",
    ),
    "missing rollup": (
        METRICS,
        "    better: lower\n    rollup: weighted_mean\n",
        "    better: lower\n",
        "metrics/main.yaml:2:3: metric 'departure_delay' has no 'rollup'. It says how the periods of a window combine. Add 'rollup: sum', weighted_mean, mean, last, min or max.",
    ),
    "missing query": (
        METRICS,
        "query: q, grain: day, unit: count,",
        "grain: day, unit: count,",
        "metrics/main.yaml:33:3: metric 'flights' has no 'query'. One SELECT. Add 'query: SELECT …'.",
    ),
    "no source and no formula": (
        METRICS,
        "    formula: spend / flights\n",
        "",
        "metrics/main.yaml:37:3: metric 'cost_per_flight' has neither a source nor a formula. Its values must come from somewhere. Add 'source: …', or 'survey: true' where people answer.",
        "metrics/main.yaml:37:3: metric 'cost_per_flight' has no 'rollup'. It says how the periods of a window combine. Add 'rollup: sum', weighted_mean, mean, last, min or max.",
    ),
    "source and formula": (
        METRICS,
        "    formula: spend / flights\n",
        "    formula: spend / flights\n    source: warehouse\n",
        "metrics/main.yaml:40:5: metric 'cost_per_flight': source: a metric has a source or a formula, not both. A metric with a formula is computed from other metrics and reads nothing. Remove the source or the formula.",
    ),
    "query and formula": (
        METRICS,
        "    formula: spend / flights\n",
        "    formula: spend / flights\n    query: q\n",
        "metrics/main.yaml:40:5: metric 'cost_per_flight': query is not a key of a derived metric. A metric with a formula is computed from other metrics and reads nothing. Remove 'query', or the formula.",
    ),
    "expect and formula": (
        METRICS,
        "    formula: spend / flights\n",
        "    formula: spend / flights\n    expect: {min: 0}\n",
        "metrics/main.yaml:40:5: metric 'cost_per_flight': expect has no effect on a derived metric. Rows are read and judged where they come in, at the metrics that the formula names. Move it to those metrics.",
    ),
    "unknown source": (
        METRICS,
        "    source: sheets",
        "    source: sheet",
        "metrics/main.yaml:48:13: metric 'signups': source: there is no source 'sheet'. A metric is read from a source. Did you mean 'sheets'?",
    ),
    "grain misspelt": (
        METRICS,
        "    grain: day\n    unit: minutes",
        "    grain: dayly\n    unit: minutes",
        "metrics/main.yaml:11:12: metric 'departure_delay': grain: 'dayly' is not one of hour, day, week, month, quarter. Length of its periods. Did you mean 'day'?",
    ),
    "grain is a number": (
        METRICS,
        "    grain: day\n    unit: minutes",
        "    grain: 1\n    unit: minutes",
        "metrics/main.yaml:11:12: metric 'departure_delay': grain: 1 is not one of hour, day, week, month, quarter. Length of its periods. Known values: hour, day, week, month, quarter.",
    ),
    "better misspelt": (
        METRICS,
        "    better: lower\n    rollup: weighted_mean",
        "    better: lowest\n    rollup: weighted_mean",
        "metrics/main.yaml:13:13: metric 'departure_delay': better: 'lowest' is not one of higher, lower, in_band. The good direction. Did you mean 'lower'?",
    ),
    "unit without a currency": (
        METRICS,
        "    unit: currency:USD",
        "    unit: currency",
        "metrics/main.yaml:41:11: metric 'cost_per_flight': unit: 'currency' is not a currency. A currency is named by its three capital letters (ISO 4217). Write it as in currency:USD.",
    ),
    "unit empty": (
        METRICS,
        "    unit: minutes",
        "    unit: ''",
        "metrics/main.yaml:12:11: metric 'departure_delay': unit: '' is not a unit. A unit is a word of at most 40 letters. Write count, ratio or percent.",
    ),
    "rollup unknown": (
        METRICS,
        "    rollup: weighted_mean",
        "    rollup: average",
        "metrics/main.yaml:14:13: metric 'departure_delay': rollup: 'average' is not one of sum, mean, weighted_mean, last, min, max. How the periods of a window combine. Known values: sum, mean, weighted_mean, last, min, max.",
    ),
    "freshness without a unit": (
        METRICS,
        "freshness: 36h",
        "freshness: 36",
        "metrics/main.yaml:17:16: metric 'departure_delay': freshness: 36 is not a duration. A duration is a whole number and h, d, w or months. Write '36h' or '36d'.",
    ),
    "freshness of nothing": (
        METRICS,
        "freshness: 36h",
        "freshness: 0h",
        "metrics/main.yaml:17:16: metric 'departure_delay': freshness: '0h' is no time at all. This duration is longer than 0. Write it as in '36h'.",
    ),
    "freshness misspelt": (
        METRICS,
        "freshness: 36h",
        "freshness: 36 hrs",
        "metrics/main.yaml:17:16: metric 'departure_delay': freshness: '36 hrs' is not a duration. A duration is a whole number and h, d, w or months. Write it as in '36h', '2d', '4w' or '1 month'.",
    ),
    "closes_after too long": (
        METRICS,
        "closes_after: 2d",
        "closes_after: 999999w",
        "metrics/main.yaml:18:19: metric 'departure_delay': closes_after: '999999w' is longer than a hundred years. Write a shorter duration.",
    ),
    "healthy without bounds": (
        METRICS,
        "healthy: {max: 15}",
        "healthy: {}",
        "metrics/main.yaml:20:5: metric 'departure_delay': healthy has neither min nor max. Everything would be inside it. Add 'min: …' or 'max: …'.",
    ),
    "healthy upside down": (
        METRICS,
        "healthy: {max: 15}",
        "healthy: {min: 20, max: 15}",
        "metrics/main.yaml:20:20: metric 'departure_delay': healthy.min: 20 is above max, 15. Nothing would be inside it. Exchange the two.",
    ),
    "healthy is a number": (
        METRICS,
        "healthy: {max: 15}",
        "healthy: 15",
        "metrics/main.yaml:20:14: metric 'departure_delay': healthy: 15 is not a mapping of keys. Where it should be. Write it as in {max: 15}.",
    ),
    "healthy with a text": (
        METRICS,
        "healthy: {max: 15}",
        "healthy: {max: 15 min}",
        "metrics/main.yaml:20:20: metric 'departure_delay': healthy.max: '15 min' is not a number. Greatest value, included. Correct it, or leave it out.",
    ),
    "not a number": (
        METRICS,
        "healthy: {max: 15}",
        "healthy: {max: .nan}",
        "metrics/main.yaml:20:20: this number cannot be used. Numbers are finite and have at most 18 digits. Write a smaller number, or put it in quotes if it is a text.",
    ),
    "infinite": (
        METRICS,
        "healthy: {max: 15}",
        "healthy: {max: 1e999}",
        "metrics/main.yaml:20:20: this number cannot be used. Numbers are finite and have at most 18 digits. Write a smaller number, or put it in quotes if it is a text.",
    ),
    "too many digits": (
        METRICS,
        "healthy: {max: 15}",
        "healthy: {max: 12345678901234567890}",
        "metrics/main.yaml:20:20: this number cannot be used. Numbers are finite and have at most 18 digits. Write a smaller number, or put it in quotes if it is a text.",
    ),
    "dimension twice": (
        METRICS,
        "dimensions: [carrier]\n    grain",
        "dimensions: [carrier, carrier]\n    grain",
        "metrics/main.yaml:10:27: metric 'departure_delay': dimensions[1]: 'carrier' is given twice. A dimension splits once. Remove one.",
    ),
    "dimension is a text": (
        METRICS,
        "dimensions: [carrier]\n    grain",
        "dimensions: carrier\n    grain",
        "metrics/main.yaml:10:17: metric 'departure_delay': dimensions: 'carrier' is not a list. Columns that split its values. Write it as in [carrier].",
    ),
    "dimension named value": (
        METRICS,
        "dimensions: [carrier]\n    grain",
        "dimensions: [carrier, value]\n    grain",
        "metrics/main.yaml:10:27: metric 'departure_delay': dimensions[1]: 'value' cannot be a dimension. The columns period, value and weight have a meaning of their own. Rename the column.",
    ),
    "between of three": (
        METRICS,
        "between: [-60, 300]",
        "between: [-60, 0, 300]",
        "metrics/main.yaml:24:16: metric 'departure_delay': expect.between has 3 items. A range has a least and a greatest value. Write it as in [0, 100].",
    ),
    "between upside down": (
        METRICS,
        "between: [-60, 300]",
        "between: [300, -60]",
        "metrics/main.yaml:24:16: metric 'departure_delay': expect.between: 300 is above max, -60. Nothing would be inside it. Exchange the two.",
    ),
    "between of texts": (
        METRICS,
        "between: [-60, 300]",
        "between: [-60, lots]",
        "metrics/main.yaml:24:16: metric 'departure_delay': expect.between: 'lots' is not a number. Greatest value, included. Correct it.",
    ),
    "between and min": (
        METRICS,
        "between: [-60, 300]",
        "between: [-60, 300]\n      min: 0",
        "metrics/main.yaml:25:7: metric 'departure_delay': expect.min is given beside between. A value has one least and one greatest bound. Remove min or between.",
    ),
    "complete above one": (
        METRICS,
        "complete: 0.95",
        "complete: 95",
        "metrics/main.yaml:25:17: metric 'departure_delay': expect.complete: 95 is not a share, at most 1. Least share of periods, 0 to 1. Write 0.95 for 95 percent.",
    ),
    "complete with an unknown key": (
        METRICS,
        "complete: 0.95",
        "complete: {share: 0.95}",
        "metrics/main.yaml:25:7: metric 'departure_delay': expect.complete: 'ratio' is missing. Least share of periods, 0 to 1. Add 'ratio: …'.",
        "metrics/main.yaml:25:18: metric 'departure_delay': expect.complete.share is not a known key. Unknown keys are refused, so that no misspelt one is passed over. Known keys: ratio, severity.",
    ),
    "max_change of nothing": (
        METRICS,
        "{ratio: 5, severity: warn}",
        "0",
        "metrics/main.yaml:26:19: metric 'departure_delay': expect.max_change: 0 is not greater than 0. Largest relative change, 5 for fivefold on top. Write a number greater than 0.",
    ),
    "severity misspelt": (
        METRICS,
        "{ratio: 5, severity: warn}",
        "{ratio: 5, severity: warning}",
        "metrics/main.yaml:26:40: metric 'departure_delay': expect.max_change.severity: 'warning' is not one of block, warn. block refuses a value that breaks it, warn records it. Did you mean 'warn'?",
    ),
    "monotonic is a text": (
        METRICS,
        "monotonic: false",
        "monotonic: no",
        "metrics/main.yaml:27:18: metric 'departure_delay': expect.monotonic: 'no' is neither true nor false. It is a rule that is on or off. Write true or false.",
    ),
    "flat of none": (
        METRICS,
        "flat: {value: 10}",
        "flat: 0",
        "metrics/main.yaml:29:13: metric 'departure_delay': expect.flat: 0 is not at least 1. Most equal values in a row. Write a number at least 1.",
    ),
    "flat of a fraction": (
        METRICS,
        "flat: {value: 10}",
        "flat: 2.5",
        "metrics/main.yaml:29:13: metric 'departure_delay': expect.flat: 2.5 is not a whole number. Most equal values in a row. Correct it.",
    ),
    "expectation not a class": (
        METRICS,
        "ExpectColumnMedianToBeBetween",
        "expect_column_median",
        "metrics/main.yaml:30:21: metric 'departure_delay': expect.also[0].type: 'expect_column_median' cannot be used. Class name of a Great Expectations expectation. Write it as in ExpectColumnMedianToBeBetween.",
    ),
    "unknown rule": (
        METRICS,
        "anomaly: 6",
        "anomaley: 6",
        "metrics/main.yaml:28:7: metric 'departure_delay': expect.anomaley is not a known key. Unknown keys are refused, so that no misspelt one is passed over. Did you mean 'anomaly'?",
    ),
    "distinct across sum": (
        METRICS,
        "additivity: distinct",
        "additivity: distinct, across: sum",
        "metrics/main.yaml:44:120: metric 'users': across: sum of a distinct count. One that is counted in two members would be counted twice. Write none, or leave it out.",
    ),
    "formula of unknown metric": (
        METRICS,
        "formula: spend / flights",
        "formula: spend / flight",
        "metrics/main.yaml:39:14: metric 'cost_per_flight': formula: there is no metric 'flight'. A formula is computed from other metrics. Did you mean 'flights'?",
    ),
    "formula with code": (
        METRICS,
        "formula: spend / flights",
        "formula: __import__('os')",
        "metrics/main.yaml:39:14: metric 'cost_per_flight': formula: '__import__('os')' cannot be read: ''' is not part of a formula; use metric ids, numbers, + - * / ( ). A formula holds metric ids, numbers, + - * / and parentheses, nothing else. Correct it, as in 'spend / flights_flown', or move a part of it into a metric of its own.",
    ),
    "formula without a metric": (
        METRICS,
        "formula: spend / flights",
        "formula: 1 + 1",
        "metrics/main.yaml:39:14: metric 'cost_per_flight': formula: '1 + 1' names no metric. A derived metric has the periods of the metrics it names. Write it as in 'spend / flights_flown'.",
    ),
    "formula of itself": (
        METRICS,
        "formula: spend / flights",
        "formula: spend / cost_per_flight",
        "metrics/main.yaml:39:14: metric 'cost_per_flight': formula needs itself: cost_per_flight → cost_per_flight. A formula is computed after the metrics it names. Take one of them out of the circle.",
    ),
    "formula of other grains": (
        METRICS,
        "formula: spend / flights",
        "formula: spend / users",
        "metrics/main.yaml:40:12: metric 'cost_per_flight': grain: day differs from the week of 'users'. A formula combines values of the same periods. Use metrics of one grain, or write week.",
    ),
    "formula of other dimensions": (
        METRICS,
        "formula: spend / flights",
        "formula: spend / signups",
        "metrics/main.yaml:39:14: metric 'cost_per_flight': formula: 'spend' has no dimension and 'signups' has the dimensions region. A formula combines values of the same dimensions. Use metrics of the same dimensions.",
    ),
    "formula is a number": (
        METRICS,
        "formula: spend / flights",
        "formula: 5",
        "metrics/main.yaml:39:14: metric 'cost_per_flight': formula: 5 is not text. Other metrics of the same grain and dimensions, with + - * / ( ) and numbers. Put it in quotes: '5'.",
    ),
    "derived weighted_mean": (
        METRICS,
        "    formula: spend / flights\n",
        "    formula: spend / flights\n    rollup: weighted_mean\n",
        "metrics/main.yaml:40:13: metric 'cost_per_flight': rollup: a derived metric cannot be a weighted_mean. Its periods have no weights. Leave rollup out: the formula is then computed from its parts over the whole window.",
    ),
    "derived across": (
        METRICS,
        "    formula: spend / flights\n",
        "    formula: spend / flights\n    across: sum\n",
        "metrics/main.yaml:40:5: metric 'cost_per_flight': across has no effect without a rollup. The formula is then computed from its parts, each combined in its own way. Move it to the metrics that the formula names, or add a rollup.",
    ),
    "derived dimensions": (
        METRICS,
        "    formula: spend / flights\n",
        "    formula: spend / flights\n    dimensions: [carrier]\n",
        "metrics/main.yaml:40:17: metric 'cost_per_flight': dimensions differ from those of 'spend', which has no dimension. A derived metric has the dimensions of its parts. Leave them out.",
    ),
    "derived time zone": (
        METRICS,
        "    formula: spend / flights\n",
        "    formula: spend / flights\n    timezone: Asia/Tokyo\n",
        "metrics/main.yaml:40:15: metric 'cost_per_flight': timezone differs from that of 'spend'. A derived metric has the periods of its parts. Leave it out.",
    ),
    "labels of lists": (
        METRICS,
        "labels: {tier: 1}",
        "labels: {tier: [1]}",
        "metrics/main.yaml:22:20: metric 'departure_delay': labels.tier: a list is not text. Words of your own to select it by. Correct it, or leave it out.",
    ),
    "variable": (
        METRICS,
        "why: Late",
        "why: ${LATE}",
        "metrics/main.yaml:4:10: file: metrics.departure_delay.why: a variable ${…} is written here. Variables are filled in only in 'store' of project.yaml and in sources. Write the value itself.",
    ),
    "metric is a text": (
        METRICS,
        "  flights:\n    {source: warehouse, query: q, grain: day, unit: count, better: higher, rollup: sum, empty: zero}",
        "  flights: warehouse",
        "metrics/main.yaml:33:12: metric 'flights': a text is not a mapping. Here stand the keys of a metric. Write 'key: value' lines, indented.",
    ),
    "metric without keys": (
        METRICS,
        "  flights:\n    {source: warehouse, query: q, grain: day, unit: count, better: higher, rollup: sum, empty: zero}",
        "  flights:",
        "metrics/main.yaml:33:11: metric 'flights': nothing is not a mapping. Here stand the keys of a metric. Write 'key: value' lines, indented.",
    ),
    "metric id": (
        METRICS,
        "  signups:\n",
        "  sign ups!:\n",
        "metrics/main.yaml:47:3: metric 'sign ups!': 'sign ups!' is not an id. Ids become names of assets, columns and links: letters, digits, '_', '.' and '-', at most 100. Write 'sign-ups'.",
        "okrs/2013-q2.yaml:72:17: key result '2013-Q2/find-out': metric: there is no metric 'signups'. A key result is measured by one. Did you mean 'sign ups!'?",
    ),
    "metric twice": (
        METRICS,
        "  signups:\n",
        "  spend:\n",
        "metrics/main.yaml:47:3: key 'spend' is given twice, first at line 35, column 3. One of the two would be lost. Remove or rename one of them.",
        "okrs/2013-q2.yaml:72:17: key result '2013-Q2/find-out': metric: there is no metric 'signups'. A key result is measured by one. Known metrics: cost_per_flight, departure_delay, flights, on_time, spend, stores, users.",
    ),
    "yes is a text": (
        METRICS,
        "owner: ops@harbour.example",
        "owner: true",
        "metrics/main.yaml:5:12: metric 'departure_delay': owner: true is not text. Who answers for it. Put it in quotes: 'true'.",
    ),
}
"""Name → file, what stands there, what is written instead, and every message."""


@pytest.mark.parametrize(
    ("file", "old", "new", "messages"), [(*case[:3], case[3:]) for case in CASES.values()], ids=list(CASES)
)
def test_every_mistake_is_told_with_its_place_and_its_remedy(editor, file, old, new, messages):
    assert editor.edit(file, old, new).problems() == list(messages)
