"""How long a scorecard of 1,000 key results takes to render, and how large it is.

Run it: `python benchmarks/scorecard.py [key results]`. CPU seconds are the best of five.
"""

import sys
import time

from okr_pipeline.rendering import content_hash, render_html, render_json, snapshot_from_json
from okr_pipeline_tests.rendering import factory

ROUNDS = 5


def main(key_results: int) -> None:
    snapshot = factory.many(key_results)
    points = len(snapshot.cycles[0].objectives[0].key_results[0].track)
    print(f"{key_results:,} key results, {points} points each")
    forms = {
        "html": render_html,
        "json": lambda it: render_json(it).encode(),
        "hash": lambda it: content_hash(render_json(it)).encode(),
    }
    written = {}
    for name, render in forms.items():
        seconds, written[name] = best(render, snapshot)
        print(f"{name}: {seconds:.3f} CPU s, {len(written[name]):,} bytes")
    seconds, _ = best(snapshot_from_json, written["json"].decode())
    print(f"read back: {seconds:.3f} CPU s")


def best(work, given):
    seconds, result = [], None
    for _ in range(ROUNDS):
        started = time.process_time()
        result = work(given)
        seconds.append(time.process_time() - started)
    return min(seconds), result


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
