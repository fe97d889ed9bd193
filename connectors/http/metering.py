"""What a client's requests cost, counted from many threads.

Belongs here: counting. Does not: what counts (client), budgets that are kept (budgets).
"""

import threading
from collections.abc import Iterable, Iterator

from connectors.contract import Traffic


class Meter:
    """Counts what is told of from any thread."""

    def __init__(self) -> None:
        self._traffic = Traffic()
        self._lock = threading.Lock()

    def traffic(self) -> Traffic:
        """All that was counted so far."""
        with self._lock:
            return self._traffic

    def add(self, more: Traffic) -> None:
        """Count it; what it says of budgets is the newest."""
        with self._lock:
            self._traffic += more

    def received(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same chunks, each counted as it comes."""
        for chunk in chunks:
            self.add(Traffic(received_bytes=len(chunk)))
            yield chunk
