"""Time, as a client sees it, handed in so that a test can let it pass.

Belongs here: the type. Does not: anything that waits.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """Time; `sleep` gives up a thread for so many seconds, and ends early when told to stop."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: Callable[[], float] = random.random
    sleep: Callable[[threading.Event, float], object] = threading.Event.wait
