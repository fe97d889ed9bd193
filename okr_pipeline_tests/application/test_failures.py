"""Which failed read a key result is unknown for: through formulas, milestones and sums, and for no other reason."""

from datetime import UTC, datetime

import pytest

from okr_pipeline.application.failures import Failure, Failures, in_few_words
from okr_pipeline.config.loading import load
from okr_pipeline.model.contribution import contributors_of
from okr_pipeline_tests.config.conftest import CONNECTORS

PROJECT = "name: Small\ntimezone: UTC\nstore: sqlite:///x.db\n"
SOURCES = "sources:\n  shop: {connector: sql, url: 'sqlite:///shop.db'}\n"
METRICS = """\
metrics:
  orders: {source: shop, query: select 1, grain: day, unit: count, better: higher, rollup: sum}
  visits: {source: shop, query: select 2, grain: day, unit: count, better: higher, rollup: sum}
  conversion: {formula: orders / visits, grain: day, unit: ratio, better: higher}
"""
OKRS = """\
cycle: {id: 2026-Q1, starts: 2026-01-01, ends: 2026-03-31}
objectives:
  grow:
    title: Grow
    owner: ann
    level: team
    intent: committed
    key_results:
      plain: {title: Orders, owner: ann, metric: orders, measure: {accumulate: {to: 9}}, contributes_to: sum}
      share: {title: Share, owner: ann, metric: conversion, measure: {reach: {from: 0.1, to: 0.2}}, over: trailing 7 days}
      steps: {title: Steps, owner: ann, measure: {milestones: [{title: One}, {title: Two, when: {metric: orders, at_least: 5}}]}}
      sum: {title: Sum, owner: ann, measure: {accumulate: {to: 9}}}
      other: {title: Visits, owner: ann, metric: visits, measure: {accumulate: {to: 9}}}
"""
SINCE = datetime(2026, 2, 1, tzinfo=UTC)
FAILED = Failure("shop", "orders", SINCE, "Metric orders: it does not answer. Start it.")


@pytest.fixture(scope="module")
def failed(tmp_path_factory) -> Failures:
    directory = tmp_path_factory.mktemp("config")
    for path, text in {
        "project.yaml": PROJECT, "sources/s.yaml": SOURCES, "metrics/m.yaml": METRICS, "okrs/q1.yaml": OKRS,
    }.items():  # fmt: skip
        (directory / path).parent.mkdir(exist_ok=True)
        (directory / path).write_text(text)
    configuration = load(directory, connectors=CONNECTORS, environ={})
    key_results = {it.full_id: it for it in configuration.key_results()}
    return Failures(configuration, {"orders": FAILED}, key_results, contributors_of(key_results.values()))


@pytest.mark.parametrize(
    ("key_result", "reason", "found"),
    [
        ("plain", "source_failed", FAILED),
        ("share", "source_failed", FAILED),
        ("steps", "source_failed", FAILED),
        ("sum", "source_failed", FAILED),
        ("other", "source_failed", None),
        ("plain", "stale", None),
        ("plain", None, None),
    ],
)
def test_the_failed_read_is_found_through_whatever_a_key_result_is_made_of(failed, key_result, reason, found):
    assert failed.behind(f"2026-Q1/{key_result}", reason) == found


def test_a_failure_names_the_source_and_why_in_a_few_words():
    assert FAILED.words == "source shop could not be read: it does not answer"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("No table 'x'. Correct the query.", "No table 'x'"),
        ("Metric a: GET h/p?v=1.2 answered\n 503. Wait.", "GET h/p?v=1.2 answered 503"),
        ("Nothing ends here", "Nothing ends here"),
        ("word " * 40, ("word " * 24).rstrip() + "…"),
        ("", ""),
    ],
)
def test_a_few_words_are_one_sentence_of_one_line(error, words):
    assert in_few_words(error) == words
