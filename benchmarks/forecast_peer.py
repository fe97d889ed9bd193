"""The peer of `forecast_library.py`: models of statsforecast, which fit a series and draw paths of what is to come.

Run by the Python of the peers, as `forecast_peer.py TASKS ANSWERS`. A task is a series of days up to a cut and how many
are to come; an answer has a path in each row, and the CPU seconds that fitting and drawing took.
"""

import pickle
import sys
import time
from pathlib import Path

import numpy as np
from statsforecast.models import AutoETS, AutoTheta, SeasonalNaive

PATHS = 300
MODELS = {"AutoETS": AutoETS, "AutoTheta": AutoTheta, "SeasonalNaive": SeasonalNaive}


def main(tasks_file: str, answers_file: str) -> None:
    tasks = pickle.loads(Path(tasks_file).read_bytes())
    answers = {name: [drawn(model, *task) for task in tasks] for name, model in MODELS.items()}
    Path(answers_file).write_bytes(pickle.dumps(answers))


def drawn(model: type, series: np.ndarray, ahead: int) -> tuple[np.ndarray, float]:
    before = time.process_time()
    paths = model(season_length=7).simulate(h=ahead, n_paths=PATHS, y=series, seed=1)
    return np.asarray(paths), time.process_time() - before


if __name__ == "__main__":
    main(*sys.argv[1:])
