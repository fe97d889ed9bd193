"""Our HTTP client beside its peers and the latency itself: 1,000 requests of 50 ms, 20 at a time.

Run as `python benchmarks/http_client.py [rounds]`; `make bench` makes the peers' environment. The server is a process
of its own on loopback that waits before it answers, so the least that all requests can take is 2.5 s. Contestants take
turns, and the medians of their rounds are printed: wall time, which the goal is about, and CPU seconds of the client.

okr client parses each answer as strict JSON, within its caps; rest source does so for 1,000 metrics, and makes
points of them with evidence. httpx and aiohttp parse with `json`. dlt's rest_api extracts rows of 100 resources that
are declared to run beside each other, which it yet does one after another. It neither normalises nor loads them, and
its seconds are scaled tenfold.
"""

import asyncio
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from contest import PEERS

from connectors.contract import Context, DataPointBatch, MetricRequest, Window
from connectors.http.client import HttpClient
from connectors.http.requests import HttpAnswer, HttpRequest
from connectors.http.settings import HttpSettings
from connectors.rest import RestRequest, RestSettings
from connectors.rest.source import open_source

COUNT, CONCURRENCY, LATENCY_SECONDS = 1_000, 20, 0.05
LIMIT_SECONDS = COUNT * LATENCY_SECONDS / CONCURRENCY
BODY = json.dumps({"data": [{"period": f"2026-01-{day:02}", "value": day} for day in range(1, 32)]}).encode()
JANUARY = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
PEER_NAMES = ("httpx threads", "httpx async", "aiohttp", "dlt rest_api")
SCALED = {"dlt rest_api": 10}
PEER = Path(__file__).with_name("http_peer.py")


def main(rounds: int) -> None:
    if not PEERS.exists():
        print(f"httpx and aiohttp are missing: there is no {PEERS}. `make bench` makes it.")
        return
    address, stop = served()
    contestants: dict[str, Callable[[], tuple[float, float]]] = {
        "okr client": lambda: timed(lambda: with_client(address)),
        "okr rest source": lambda: timed(lambda: with_source(address)),
        **{name: lambda name=name: peer(name, address) for name in PEER_NAMES},
    }
    try:
        taken = {name: [] for name in contestants}
        for _ in range(rounds):
            for name, contestant in contestants.items():
                taken[name].append(contestant())
    finally:
        stop()
    print(f"{'':<20}{'wall':>8}{'of limit':>10}{'CPU':>8}")
    print(f"{'latency alone':<20}{LIMIT_SECONDS:>8.2f}{1:>9.2f}×")
    for name, results in taken.items():
        wall, cpu = (statistics.median(part) for part in zip(*results, strict=True))
        print(f"{name:<20}{wall:>8.2f}{wall / LIMIT_SECONDS:>9.2f}×{cpu:>8.2f}")


def timed(work: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def with_client(address: str) -> None:
    settings = HttpSettings(base_url=address, allow_private_hosts=True, concurrency=CONCURRENCY)
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(CONCURRENCY) as pool:
        client = HttpClient(settings, Path(directory))
        requests = [HttpRequest("GET", f"{address}/{number}") for number in range(COUNT)]
        answers = list(pool.map(lambda request: client.send(request, HttpAnswer.json), requests))
        client.close()
    assert all(len(answer["data"]) == 31 for answer in answers)


def with_source(address: str) -> None:
    settings = RestSettings(base_url=address, allow_private_hosts=True, concurrency=CONCURRENCY)
    requests = [
        MetricRequest(f"m{number}", "day", "UTC", (), RestRequest(path=f"/{number}", rows="data"))
        for number in range(COUNT)
    ]
    with tempfile.TemporaryDirectory() as directory:
        source = open_source(settings, Context(Path(directory), Path(directory)))
        batches = [it for it in source.read(requests, JANUARY) if isinstance(it, DataPointBatch)]
        source.close()
    assert sum(len(batch.points) for batch in batches) == 31 * COUNT


def peer(name: str, address: str) -> tuple[float, float]:
    count = COUNT // SCALED.get(name, 1)
    command = [str(PEERS), str(PEER), name, address, str(count), str(CONCURRENCY)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    wall, cpu = (float(seconds) * COUNT / count for seconds in done.stdout.split())
    return wall, cpu


def served() -> tuple[str, Callable[[], None]]:
    """The address of the server, and how it is stopped."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    process.start()
    return f"http://127.0.0.1:{here.recv()}", process.kill


def serve(told) -> None:
    """Answer every request after the latency, whatever it asks."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()
                return
            await asyncio.sleep(LATENCY_SECONDS)
            writer.write(answer)

    async def run() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
