"""What contributes by value: how it is named, and what is refused because it would not add up."""

from dataclasses import dataclass
from typing import Final

import pytest

from okr_pipeline.model.okr import KeyResult

YEAR: Final = """\
cycle: {id: Y, starts: 2014-01-01, ends: 2014-12-31}
objectives:
  grow:
    title: Grow
    level: company
    intent: committed
    owner: ceo@harbour.example
    key_results:
      users:
        title: Win 4,000 sign-ups
        measure: {accumulate: {to: 4000}}
        owner: ceo@harbour.example
      east:
        title: Win 1,000 in the east
        metric: signups
        where: {region: east}
        measure: {accumulate: {to: 1000}}
        owner: ceo@harbour.example
      drug:
        title: Bring it to market
        measure: {milestones: [{title: Trial}, {title: Market}]}
        owner: ceo@harbour.example
"""
SPRINT: Final = """\
cycle: {id: S, starts: 2014-04-07, ends: 2014-04-20}
objectives:
  push:
    title: Push
    level: team
    intent: committed
    owner: team@harbour.example
    key_results:
      north:
        title: Win 50 in the north
        metric: signups
        where: {region: north}
        measure: {accumulate: {to: 50}}
        owner: team@harbour.example
        contributes_to: users
      south:
        title: Win 50 in the south
        metric: signups
        where: {region: south}
        measure: {accumulate: {to: 50}}
        owner: team@harbour.example
        contributes_to: Y/users
      eastern:
        title: Win 20 in the east
        metric: signups
        where: {region: east}
        measure: {accumulate: {to: 20}}
        owner: team@harbour.example
        contributes_to: east
      dossier:
        title: Hand in the dossier
        measure: {milestones: [{title: Dossier}]}
        owner: team@harbour.example
        contributes_to: drug
"""


MORE_METRICS: Final = """\
metrics:
  miles: {source: sheets, file: m.csv, columns: {period: date, value: miles}, grain: day, unit: miles, better: higher, rollup: sum}
  shares: {source: sheets, file: s.csv, columns: {period: date, value: share}, grain: day, unit: ratio, better: higher, rollup: sum}
  both: {formula: signups + 0 * signups, grain: day, unit: count, better: higher, rollup: sum, dimensions: [region]}
"""


@dataclass
class Contributing:
    """The project of the other tests with a year and a sprint beside it."""

    editor: object

    def problems(self, *edits: tuple[str, str, str]) -> list[str]:
        files = {"year": YEAR, "sprint": SPRINT}
        for file, old, new in edits:
            assert files[file].count(old) == 1, (file, old)
            files[file] = files[file].replace(old, new)
        self.editor.files |= {"metrics/more.yaml": MORE_METRICS}
        self.editor.files |= {f"okrs/{name}.yaml": text for name, text in files.items()}
        return self.editor.problems()

    def key_results(self) -> dict[str, KeyResult]:
        assert self.problems() == []
        return {it.full_id: it for it in self.editor.load().key_results()}


@pytest.fixture
def contributing(editor) -> Contributing:
    return Contributing(editor)


def test_a_target_is_named_by_its_id_or_with_its_cycle(contributing):
    found = contributing.key_results()
    targets = {name: it.contributes_to for name, it in found.items() if it.contributes_to}
    assert targets == {"S/north": "Y/users", "S/south": "Y/users", "S/eastern": "Y/east", "S/dossier": "Y/drug"}
    assert found["Y/users"].metric is None


REFUSED: Final = {
    "unknown target": (
        [("sprint", "contributes_to: users", "contributes_to: usres")],
        [
            "okrs/sprint.yaml:15:25: key result 'S/north': contributes_to: there is no key result 'usres'. Its value is a part of that of one that is defined. Did you mean 'Y/users'?"
        ],
    ),
    "unknown cycle": (
        [("sprint", "contributes_to: Y/users", "contributes_to: Z/users")],
        [
            "okrs/sprint.yaml:22:25: key result 'S/south': contributes_to: there is no key result 'Z/users'. Its value is a part of that of one that is defined. Did you mean 'Y/users'?"
        ],
    ),
    "in two cycles": (
        [
            ("sprint", "contributes_to: users", "contributes_to: more-flights"),
            ("year", "      east:", "      more-flights:"),
            ("sprint", "contributes_to: east", "contributes_to: Y/more-flights"),
        ],
        [
            "okrs/sprint.yaml:15:25: key result 'S/north': contributes_to: 'more-flights' is in more than one cycle. Its value is a part of that of one that is defined. Write one of 2013-Q2/more-flights, Y/more-flights."
        ],
    ),
    "itself": (
        [("sprint", "contributes_to: users", "contributes_to: S/north")],
        [
            "okrs/sprint.yaml:15:25: key result 'S/north': contributes_to: 'S/north' leads back to this key result. A part cannot contain the whole. Name a key result outside the circle, or remove contributes_to."
        ],
    ),
    "a circle": (
        [
            ("sprint", "contributes_to: users", "contributes_to: S/south"),
            ("sprint", "contributes_to: Y/users", "contributes_to: S/north"),
        ],
        [
            "okrs/sprint.yaml:15:25: key result 'S/north': contributes_to: 'S/south' leads back to this key result. A part cannot contain the whole. Name a key result outside the circle, or remove contributes_to.",
            "okrs/sprint.yaml:22:25: key result 'S/south': contributes_to: 'S/north' leads back to this key result. A part cannot contain the whole. Name a key result outside the circle, or remove contributes_to.",
        ],
    ),
    "another measure": (
        [("sprint", "measure: {accumulate: {to: 20}}", "measure: {limit: {to: 20}}")],
        [
            "okrs/sprint.yaml:29:25: key result 'S/eastern': contributes_to: limit is no part of 'Y/east', which is measured by accumulate. Values add up where both are accumulate or limit on additive metrics, or both milestones. Measure both alike, or align the objectives with 'parent' instead."
        ],
    ),
    "a measure that does not add up": (
        [
            (
                "sprint",
                "measure: {accumulate: {to: 20}}",
                "measure: {reach: {from: 0, to: 20}}\n        over: trailing 7 days",
            )
        ],
        [
            "okrs/sprint.yaml:30:25: key result 'S/eastern': contributes_to: reach is no part of 'Y/east', which is measured by accumulate. Values add up where both are accumulate or limit on additive metrics, or both milestones. Measure both alike, or align the objectives with 'parent' instead."
        ],
    ),
    "outside the span": (
        [("year", "      users:\n", "      users:\n        starts: 2014-04-14\n")],
        [
            "okrs/sprint.yaml:15:25: key result 'S/north': contributes_to: 2014-04-07 to 2014-04-20 is not inside 'Y/users', 2014-04-14 to 2014-12-31. A part lies within the days of the whole. Choose a key result of a longer cycle, or correct starts and ends.",
            "okrs/sprint.yaml:22:25: key result 'S/south': contributes_to: 2014-04-07 to 2014-04-20 is not inside 'Y/users', 2014-04-14 to 2014-12-31. A part lies within the days of the whole. Choose a key result of a longer cycle, or correct starts and ends.",
        ],
    ),
    "not a part": (
        [
            (
                "sprint",
                "metric: signups\n        where: {region: east}",
                "metric: signups\n        where: {region: west}",
            )
        ],
        [
            "okrs/sprint.yaml:29:25: key result 'S/eastern': contributes_to: it counts 'signups' where region: west, which is no part of 'signups' where region: east of 'Y/east'. The whole has a metric of its own, and what is not in it would be added from outside. Read the same metric with the same or more members pinned, or remove the metric of the whole to add its parts up."
        ],
    ),
    "another unit": (
        [("sprint", "metric: signups\n        where: {region: south}", "metric: miles")],
        [
            "okrs/sprint.yaml:21:25: key result 'S/south': contributes_to: 'S/south' is in miles, 'S/north' in count. Only equal units add up. Choose metrics of one unit."
        ],
    ),
    "a unit that does not add up": (
        [("sprint", "metric: signups\n        where: {region: south}", "metric: shares")],
        [
            "okrs/sprint.yaml:21:25: key result 'S/south': contributes_to: metric 'shares' is counted in ratio, which does not add up. Values add up where both are accumulate or limit on additive metrics, or both milestones. Measure both alike, or align the objectives with 'parent' instead."
        ],
    ),
    "the same rows through a formula": (
        [("sprint", "metric: signups\n        where: {region: south}", "metric: both\n        where: {region: north}")],
        [
            "okrs/sprint.yaml:22:25: key result 'S/south': contributes_to: rows of metric 'signups' from 2014-04-07 on are counted in 'S/north' already, and both add up to 'Y/users'. A row that is counted twice makes a sum of more than there is. Pin different members with 'where', let one end before the other starts, or let one contribute to the other."
        ],
    ),
    "the same members": (
        [("sprint", "where: {region: south}", "where: {region: north}")],
        [
            "okrs/sprint.yaml:22:25: key result 'S/south': contributes_to: rows of metric 'signups' from 2014-04-07 on are counted in 'S/north' already, and both add up to 'Y/users'. A row that is counted twice makes a sum of more than there is. Pin different members with 'where', let one end before the other starts, or let one contribute to the other."
        ],
    ),
    "all members": (
        [("sprint", "        where: {region: south}\n", "")],
        [
            "okrs/sprint.yaml:21:25: key result 'S/south': contributes_to: rows of metric 'signups' from 2014-04-07 on are counted in 'S/north' already, and both add up to 'Y/users'. A row that is counted twice makes a sum of more than there is. Pin different members with 'where', let one end before the other starts, or let one contribute to the other."
        ],
    ),
    "the same step": (
        [("sprint", "{title: Dossier}", "{title: Market}")],
        [
            "okrs/sprint.yaml:34:25: key result 'S/dossier': contributes_to: step 'Market' is counted in 'Y/drug' already, and both are in 'Y/drug'. A step that is counted twice is done twice. Name one of the two otherwise, or keep it in one place."
        ],
    ),
    "nothing contributes": (
        [("sprint", "        contributes_to: users\n", ""), ("sprint", "        contributes_to: Y/users\n", "")],
        [
            "okrs/year.yaml:9:7: key result 'Y/users' has no 'metric', and nothing contributes to it. A sum is of a metric's values, or of other key results. Add 'metric: …', or 'contributes_to: Y/users' to the key results that it is the sum of."
        ],
    ),
    "members without a metric": (
        [
            (
                "year",
                "        measure: {accumulate: {to: 4000}}",
                "        where: {region: east}\n        measure: {accumulate: {to: 4000}}",
            )
        ],
        [
            "okrs/year.yaml:11:9: key result 'Y/users': where is given without a metric. Members are a metric's. Add 'metric: …', or remove where."
        ],
    ),
    "a relative target of a sum": (
        [("year", "{to: 4000}", "{to: +20% of previous_cycle}")],
        [
            "okrs/year.yaml:11:36: key result 'Y/users': measure.accumulate.to: it is not a number above 0. The sum of what contributes has no earlier stretch to compare with, and reaches a number above 0. Write a number above 0."
        ],
    ),
}


@pytest.mark.parametrize(("edits", "messages"), REFUSED.values(), ids=list(REFUSED))
def test_what_would_not_add_up_is_refused_with_its_place_and_its_remedy(contributing, edits, messages):
    assert contributing.problems(*edits) == messages


def test_an_amendment_cannot_make_a_row_count_twice(contributing):
    amended = (
        "sprint",
        "        contributes_to: users\n",
        "        contributes_to: users\n        amendments: [{on: 2014-04-14, where: {region: south}, reason: Moved, author: ceo@harbour.example}]\n",
    )
    (message,) = contributing.problems(amended)
    assert "rows of metric 'signups' from 2014-04-07 on are counted in 'S/north' already" in message


def test_one_after_the_other_is_not_twice(contributing):
    same = ("sprint", "where: {region: south}", "where: {region: north}\n        starts: 2014-04-14")
    until = ("sprint", "title: Win 50 in the north", "title: Win 50 in the north\n        ends: 2014-04-13")
    assert contributing.problems(same, until) == []
