"""Check results as Dagster shows them: one check per family of rules and source.

Belongs here: outcomes → asset checks. Does not: rules (quality).
"""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from okr_pipeline.application.observing import Observed
from okr_pipeline.rendering.words import plural

FAMILIES = {
    "values": "Values are finite numbers of a known metric, once for each period that has begun.",
    "range": "Values lie between the bounds their metric expects.",
    "change": "Values do not jump, fall or freeze in a way their metric does not expect.",
    "completeness": "Periods are not missing.",
    "custom": "Expectations that the project added.",
}
_TABLE_ROWS = 50


def check_specs(asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks of one source's observations: it answers, and one per family of rules."""
    answers = dg.AssetCheckSpec("source_answers", asset=asset, description="Every metric of the source could be read.")
    families = [dg.AssetCheckSpec(name, asset=asset, description=text) for name, text in FAMILIES.items()]
    return [answers, *families]


def check_results(asset: dg.AssetKey, observed: Observed) -> Iterator[dg.AssetCheckResult]:
    """The outcomes of one run; families with nothing new to judge pass and say so."""
    yield _answers(asset, observed)
    for family in FAMILIES:
        yield _family(asset, family, observed.checks[observed.checks["family"] == family])


def _answers(asset: dg.AssetKey, observed: Observed) -> dg.AssetCheckResult:
    text = "; ".join(f"{metric}: {error}" for metric, error in observed.failures.items())
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="source_answers",
        passed=not observed.failures,
        description=text or f"{plural(observed.metrics, 'metric')} read",
        metadata={"failed_metrics": len(observed.failures)},
    )


def _family(asset: dg.AssetKey, family: str, results: pd.DataFrame) -> dg.AssetCheckResult:
    bad = results[results["status"].isin(["failed", "errored"])]
    blocking = bad[bad["severity"] == "block"]
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=family,
        passed=bad.empty,
        severity=dg.AssetCheckSeverity.ERROR if len(blocking) else dg.AssetCheckSeverity.WARN,
        description=_summary(results, bad),
        metadata=_metadata(bad),
    )


def _summary(results: pd.DataFrame, bad: pd.DataFrame) -> str:
    if results.empty:
        return "nothing new to judge"
    if bad.empty:
        return f"{plural(len(results), 'rule')} passed on {plural(results['metric'].nunique(), 'metric')}"
    named = ", ".join(sorted(bad["metric"].unique())[:5])
    return f"{len(bad)} of {plural(len(results), 'rule')} not met: {named}"


def _metadata(bad: pd.DataFrame) -> dict[str, dg.MetadataValue]:
    if bad.empty:
        return {}
    columns = ["metric", "rule", "status", "severity", "rows_failed", "rows_checked", "detail"]
    rows = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    rows += [
        "| " + " | ".join(str(value).replace("|", "\\|").replace("\n", " ") for value in row) + " |"
        for row in bad[columns].head(_TABLE_ROWS).itertuples(index=False)
    ]
    return {
        "rows_failed": dg.IntMetadataValue(int(bad["rows_failed"].sum())),
        "not_met": dg.MarkdownMetadataValue("\n".join(rows)),
    }
