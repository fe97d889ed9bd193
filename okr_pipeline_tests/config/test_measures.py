"""What can be wrong with how a key result is measured, and exactly what is said about it."""

from typing import Final

import pytest

QUARTER: Final = "okrs/2013-q2.yaml"

CASES: Final = {
    "two measures": (
        QUARTER,
        "{limit: {to: 120000}}",
        "{limit: {to: 120000}, reach: {from: 1, to: 0}}",
        "okrs/2013-q2.yaml:51:9: key result '2013-Q2/budget': measure has 2 measures, reach and limit. A key result is measured in one way. Keep one of them.",
    ),
    "no measure in it": (
        QUARTER,
        "{limit: {to: 120000}}",
        "{}",
        "okrs/2013-q2.yaml:51:9: key result '2013-Q2/budget': measure has no measure. A key result is measured in one way. Add one, as in {reach: {from: 5, to: 8}}.",
    ),
    "unknown measure": (
        QUARTER,
        "{limit: {to: 120000}}",
        "{limits: {to: 120000}}",
        "okrs/2013-q2.yaml:51:19: key result '2013-Q2/budget': measure.limits is not a known key. Unknown keys are refused, so that no misspelt one is passed over. Did you mean 'limit'?",
    ),
    "manual with a metric": (
        QUARTER,
        "{limit: {to: 120000}}",
        "{manual: {from: 0, to: 10}}",
        "okrs/2013-q2.yaml:50:9: key result '2013-Q2/budget': metric is not read by manual. Its value is what check-ins say. Remove metric, or measure it by 'reach: {from: …, to: …}'.",
    ),
    "unknown metric": (
        QUARTER,
        "metric: spend",
        "metric: spent",
        "okrs/2013-q2.yaml:50:17: key result '2013-Q2/budget': metric: there is no metric 'spent'. A key result is measured by one. Did you mean 'spend'?",
    ),
    "no metric": (
        QUARTER,
        "        metric: spend\n",
        "",
        "okrs/2013-q2.yaml:48:7: key result '2013-Q2/budget' has no 'metric', and nothing contributes to it. A sum is of a metric's values, or of other key results. Add 'metric: …', or 'contributes_to: 2013-Q2/budget' to the key results that it is the sum of.",
    ),
    "no metric where one is read": (
        QUARTER,
        "        metric: cost_per_flight\n",
        "",
        "okrs/2013-q2.yaml:53:7: key result '2013-Q2/cheap' has no 'metric'. Its measure reads one. Add 'metric: …'.",
    ),
    "metric with milestones": (
        QUARTER,
        "        title: Open what was promised",
        "        metric: stores\n        title: Open what was promised",
        "okrs/2013-q2.yaml:64:9: key result '2013-Q2/launches': metric is not read by milestones. Steps are done on a date, or when a metric of their own gets there. Remove metric, or write 'when: {metric: …, at_least: …}' at a step.",
    ),
    "unknown metric of a milestone": (
        QUARTER,
        "metric: stores",
        "metric: storse",
        "okrs/2013-q2.yaml:68:50: key result '2013-Q2/launches': measure.milestones[1].when.metric: there is no metric 'storse'. A key result is measured by one. Did you mean 'stores'?",
    ),
    "unpinned dimension of a milestone": (
        QUARTER,
        "metric: stores, where: {region: east},",
        "metric: stores,",
        "okrs/2013-q2.yaml:68:50: key result '2013-Q2/launches': measure.milestones[1].when.metric: the dimension 'region' of metric 'stores' is not pinned. The members cannot be combined: across is none. Add 'where: {region: …}', or 'across' to the metric.",
    ),
    "unknown dimension": (
        QUARTER,
        "where: {carrier: B6}",
        "where: {carier: B6}",
        "okrs/2013-q2.yaml:16:17: key result '2013-Q2/delay': where.carier: 'carier' is not a dimension of metric 'departure_delay'. Members are chosen by the metric's dimensions. Did you mean 'carrier'?",
    ),
    "dimension of a metric without any": (
        QUARTER,
        "        metric: spend\n",
        "        metric: spend\n        where: {carrier: B6}\n",
        "okrs/2013-q2.yaml:51:17: key result '2013-Q2/budget': where.carrier: 'carrier' is not a dimension of metric 'spend'. Members are chosen by the metric's dimensions. Add 'dimensions: [carrier]' to the metric, or remove it here.",
    ),
    "member is a fraction": (
        QUARTER,
        "where: {carrier: B6}",
        "where: {carrier: 6.5}",
        "okrs/2013-q2.yaml:16:26: key result '2013-Q2/delay': where.carrier: 6.5 is not text. Members of the metric's dimensions it reads. Put it in quotes: '6.5'.",
    ),
    "reach nothing": (
        QUARTER,
        "{from: 15, to: 10}",
        "{from: 10, to: 10}",
        "okrs/2013-q2.yaml:17:41: key result '2013-Q2/delay': measure.reach.to: 10 equals from. Progress is the share of a way, and there is none. Set another target, or measure it with maintain.",
    ),
    "reach the wrong way": (
        QUARTER,
        "{from: 15, to: 10}",
        "{from: 10, to: 15}",
        "okrs/2013-q2.yaml:17:41: key result '2013-Q2/delay': measure.reach.to: 10 to 15 goes up, but of 'departure_delay' lower is better. A target that makes the metric worse is usually a slip. Turn the target round, or correct 'better' of the metric.",
    ),
    "reach from a text": (
        QUARTER,
        "{from: 15, to: 10}",
        "{from: at_strat, to: 10}",
        "okrs/2013-q2.yaml:17:33: key result '2013-Q2/delay': measure.reach.from: 'at_strat' is neither a number nor at_start. A measure starts from a number, or from the metric's value just before the start. Write a number or at_start.",
    ),
    "reach without from": (
        QUARTER,
        "{from: 15, to: 10}",
        "{to: 10}",
        "okrs/2013-q2.yaml:17:19: key result '2013-Q2/delay': measure.reach: 'from' is missing. A number, or at_start. Add 'from: 5'.",
    ),
    "change the wrong way": (
        QUARTER,
        "by: +25%",
        "by: -25%",
        "okrs/2013-q2.yaml:81:32: key result '2013-Q2/weekly-users': measure.change.by: -25% goes down, but of 'users' higher is better. A target that makes the metric worse is usually a slip. Turn the target round, or correct 'better' of the metric.",
    ),
    "change nothing": (
        QUARTER,
        "by: +25%",
        "by: 0",
        "okrs/2013-q2.yaml:81:32: key result '2013-Q2/weekly-users': measure.change.by: it changes by nothing. Progress is the share of a way, and there is none. Set another target, or measure it with maintain.",
    ),
    "change of no amount": (
        QUARTER,
        "by: +25%",
        "by: a quarter",
        "okrs/2013-q2.yaml:81:32: key result '2013-Q2/weekly-users': measure.change.by: 'a quarter' is not an amount. An amount is a number, alone or with % (relative) or points (absolute). Write it as in +25%, -15%, +10 points or +300.",
    ),
    "points of a count": (
        QUARTER,
        "by: +25%",
        "by: +25 points",
        "okrs/2013-q2.yaml:81:32: key result '2013-Q2/weekly-users': measure.change.by: '+25 points' is in points, but the metric is in 'count'. Points are steps of percent, points and score, and hundredths of ratio. Write the amount in the metric's unit, as in +300, or as a share, as in +25%.",
    ),
    "change of zero": (
        QUARTER,
        "by: +25%",
        "by: +25%, from: 0",
        "okrs/2013-q2.yaml:81:44: key result '2013-Q2/weekly-users': measure.change.from: a share of 0 is no change in that direction. Relative change needs a start above 0. Give the change in the metric's own unit, as in +300, or in points.",
    ),
    "change of a day without over": (
        QUARTER,
        "        over: trailing 4 weeks\n",
        "",
        "okrs/2013-q2.yaml:24:7: key result '2013-Q2/on-time' has no 'over', but a value of metric 'on_time' is of one day only. One day is no baseline for a change. Add 'over: trailing 28 days'.",
    ),
    "cycle at start": (
        QUARTER,
        "over: trailing 4 weeks",
        "over: cycle",
        "okrs/2013-q2.yaml:28:15: key result '2013-Q2/on-time': over: cycle has no value at the start. A window that begins at the start is empty before it. Write 'trailing 28 days' or latest, or give 'from' as a number.",
    ),
    "window misspelt": (
        QUARTER,
        "over: trailing 4 weeks",
        "over: lastest",
        "okrs/2013-q2.yaml:28:15: key result '2013-Q2/on-time': over: 'lastest' is not a window. A value is read over latest, cycle or trailing N hours, days, weeks or months. Did you mean 'latest'?",
    ),
    "window shorter than the grain": (
        QUARTER,
        "        measure: {change: {by: +25%}}",
        "        measure: {change: {by: +25%}}\n        over: trailing 6 days",
        "okrs/2013-q2.yaml:82:15: key result '2013-Q2/weekly-users': over: trailing 6 days is shorter than a week, the grain of metric 'users'. No whole period would ever be inside. Write a longer one.",
        "okrs/2013-q2.yaml:82:15: key result '2013-Q2/weekly-users': over: trailing 6 days of metric 'users', a distinct count. One that is counted in two periods would be counted twice. Write latest, or use a metric of a longer grain.",
    ),
    "distinct over weeks": (
        QUARTER,
        "        measure: {change: {by: +25%}}",
        "        measure: {change: {by: +25%}}\n        over: trailing 4 weeks",
        "okrs/2013-q2.yaml:82:15: key result '2013-Q2/weekly-users': over: trailing 4 weeks of metric 'users', a distinct count. One that is counted in two periods would be counted twice. Write latest, or use a metric of a longer grain.",
    ),
    "distinct added up": (
        QUARTER,
        "{change: {by: +25%}}",
        "{accumulate: {to: 100}}",
        "okrs/2013-q2.yaml:81:19: key result '2013-Q2/weekly-users': measure.accumulate: adds up metric 'users', a distinct count. One that is counted in two periods would be counted twice. Use reach or change over latest, or a metric of a longer grain.",
    ),
    "accumulate of a mean": (
        QUARTER,
        "{maintain: {share: 0.8, of: events}}",
        "{accumulate: {to: 5}}",
        "okrs/2013-q2.yaml:33:19: key result '2013-Q2/on-time-share': measure.accumulate: metric 'on_time' rolls up by weighted_mean. Only sums can be added up since the start. Choose a metric with 'rollup: sum', or another measure.",
    ),
    "accumulate where lower is better": (
        QUARTER,
        "{limit: {to: 120000}}",
        "{accumulate: {to: 120000}}",
        "okrs/2013-q2.yaml:51:19: key result '2013-Q2/budget': measure.accumulate: of 'spend' lower is better. Collecting more of it would be called progress. Write limit instead, or correct 'better' of the metric.",
    ),
    "accumulate to nothing": (
        QUARTER,
        "to: +20% of previous_cycle",
        "to: 0",
        "okrs/2013-q2.yaml:45:36: key result '2013-Q2/more-flights': measure.accumulate.to: 0 is not greater than 0. A sum reaches a number above 0. Write a number above 0.",
    ),
    "accumulate without a sign": (
        QUARTER,
        "to: +20% of previous_cycle",
        "to: 20% of previous_cycle",
        "okrs/2013-q2.yaml:45:36: key result '2013-Q2/more-flights': measure.accumulate.to: '20% of previous_cycle' is not a target of a sum. A sum reaches a number, or a signed share beyond previous_cycle or year_ago. Write a number, or '+20% of previous_cycle'.",
    ),
    "accumulate with over": (
        QUARTER,
        "{accumulate: {to: +20% of previous_cycle}}",
        "{accumulate: {to: +20% of previous_cycle}}\n        over: latest",
        "okrs/2013-q2.yaml:46:9: key result '2013-Q2/more-flights': over is given with accumulate. It counts from the key result's start. Remove over.",
    ),
    "limit of nothing": (
        QUARTER,
        "to: 120000",
        "to: 0",
        "okrs/2013-q2.yaml:51:31: key result '2013-Q2/budget': measure.limit.to: 0 is not greater than 0. The most that the sum may be. Write a number greater than 0.",
    ),
    "cadence finer than the grain": (
        QUARTER,
        "per: week",
        "per: hour",
        "okrs/2013-q2.yaml:61:48: key result '2013-Q2/rhythm': measure.cadence.per: hour is finer than the day of metric 'flights'. A period of the metric cannot be told apart into smaller ones. Write day or longer.",
    ),
    "cadence of a derived metric": (
        QUARTER,
        "{maintain: {max: 90, share: 0.9}}",
        "{cadence: {at_least: 1, per: week}}",
        "okrs/2013-q2.yaml:56:19: key result '2013-Q2/cheap': measure.cadence: metric 'cost_per_flight' has no rollup. Only sums can be added up since the start. Choose a metric with 'rollup: sum', or another measure.",
    ),
    "cadence share above one": (
        QUARTER,
        "share: 0.75",
        "share: 75",
        "okrs/2013-q2.yaml:61:61: key result '2013-Q2/rhythm': measure.cadence.share: 75 is not a share, at most 1. Share of them to hold it in. Write 0.75 for 75 percent.",
    ),
    "maintain without bounds": (
        QUARTER,
        "{maintain: {max: 90, share: 0.9}}",
        "{maintain: {share: 0.9}}",
        "okrs/2013-q2.yaml:56:19: key result '2013-Q2/cheap': measure.maintain has neither min nor max. Everything would be inside it. Add 'min: …' or 'max: …'.",
    ),
    "maintain upside down": (
        QUARTER,
        "{maintain: {max: 90, share: 0.9}}",
        "{maintain: {min: 91, max: 90}}",
        "okrs/2013-q2.yaml:56:35: key result '2013-Q2/cheap': measure.maintain.min: 91 is above max, 90. Nothing would be inside it. Exchange the two.",
    ),
    "maintain share of nothing": (
        QUARTER,
        "{maintain: {max: 90, share: 0.9}}",
        "{maintain: {max: 90, share: 0}}",
        "okrs/2013-q2.yaml:56:46: key result '2013-Q2/cheap': measure.maintain.share: 0 is not greater than 0. Share of periods or events to hold it in. Write a number greater than 0.",
    ),
    "maintain events of a cost": (
        QUARTER,
        "{maintain: {max: 90, share: 0.9}}",
        "{maintain: {share: 0.9, of: events}}",
        "okrs/2013-q2.yaml:56:46: key result '2013-Q2/cheap': measure.maintain.of: metric 'cost_per_flight' is not a share of events. Shares of events have 'unit: ratio' and 'rollup: weighted_mean', weighted by the number of events. Choose such a metric, or write 'of: periods'.",
    ),
    "maintain events with bounds": (
        QUARTER,
        "{maintain: {share: 0.8, of: events}}",
        "{maintain: {min: 0.8, of: events}}",
        "okrs/2013-q2.yaml:33:19: key result '2013-Q2/on-time-share': measure.maintain: min and max are given with 'of: events'. The metric's own values already are shares of good events. Remove min and max; 'share' is what to hold.",
    ),
    "maintain with checkpoints": (
        QUARTER,
        "{maintain: {max: 90, share: 0.9}}",
        "{maintain: {max: 90, share: 0.9}}\n        pace: {checkpoints: [{on: 2013-05-01, value: 1}]}",
        "okrs/2013-q2.yaml:57:9: key result '2013-Q2/cheap': pace: checkpoints are given with maintain. Checkpoints plan the values of reach, change, accumulate. Remove pace.",
    ),
    "maintain with business days": (
        QUARTER,
        "{maintain: {max: 90, share: 0.9}}",
        "{maintain: {max: 90, share: 0.9}}\n        pace: business_days",
        "okrs/2013-q2.yaml:57:9: key result '2013-Q2/cheap': pace: business_days is given with maintain. It shapes the plans of reach, change, accumulate; the plan of maintain is its own. Remove pace.",
    ),
    "seasonal with a single day": (
        QUARTER,
        "        over: trailing 28 days\n        pace: linear",
        "        pace: seasonal",
        "okrs/2013-q2.yaml:18:9: key result '2013-Q2/delay': pace: seasonal is given, but a value of metric 'departure_delay' is of one day only. One day of an earlier cycle is chance, not season. Add 'over: trailing 28 days', or write another pace.",
    ),
    "seasonal with the whole cycle": (
        QUARTER,
        "        over: trailing 28 days\n        pace: linear",
        "        over: cycle\n        pace: seasonal",
        "okrs/2013-q2.yaml:19:9: key result '2013-Q2/delay': pace: seasonal is given with 'over: cycle'. A value since the start has no level before it to compare earlier cycles by. Write 'over: trailing 28 days', or another pace.",
    ),
    "baseline of no periods": (
        QUARTER,
        "needs: 8",
        "needs: 0",
        "okrs/2013-q2.yaml:73:37: key result '2013-Q2/find-out': measure.baseline.needs: 0 is not at least 1. Ended periods to observe. Write a number at least 1.",
    ),
    "variable": (
        QUARTER,
        "title: Grow",
        "title: ${GROW}",
        "okrs/2013-q2.yaml:36:12: file: objectives.grow.title: a variable ${…} is written here. Variables are filled in only in 'store' of project.yaml and in sources. Write the value itself.",
    ),
}
"""Name → file, what stands there, what is written instead, and every message."""


@pytest.mark.parametrize(
    ("file", "old", "new", "messages"), [(*case[:3], case[3:]) for case in CASES.values()], ids=list(CASES)
)
def test_every_mistake_is_told_with_its_place_and_its_remedy(editor, file, old, new, messages):
    assert editor.edit(file, old, new).problems() == list(messages)
