"""What one answer costs in CPU, layer by layer: milliseconds in one thread, from a server that does not wait.

Run as `python benchmarks/http_layers.py`. The server and its answer are those of `http_client.py`, without the latency.
Each line asks 1,000 times over one connection; the least of three rounds counts. Threads that wait for each other and
share caches pay more for the same; what they pay, `http_client.py` shows.
"""

import http.client
import multiprocessing
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import http_client as measured
import httpcore
import httpx

from connectors.contract import Context, MetricRequest
from connectors.http.client import HttpClient
from connectors.http.requests import HttpAnswer, HttpRequest
from connectors.http.settings import HttpSettings
from connectors.rest import RestRequest, RestSettings
from connectors.rest.source import open_source

COUNT, ROUNDS = 1_000, 3


def main() -> None:
    with at_once() as address, tempfile.TemporaryDirectory() as directory:
        layers: dict[str, Callable[[], None]] = {
            "a socket, nothing parsed": lambda: by_socket(address),
            "http.client": lambda: by_standard_library(address),
            "httpcore's pool, h11": lambda: by_httpcore(address),
            "httpx.Client, json": lambda: by_httpx(address),
            "our client: caps, strict JSON": lambda: by_client(address, Path(directory)),
            "rest source: points, evidence": lambda: by_source(address, Path(directory)),
        }
        for name, layer in layers.items():
            print(f"{name:<32}{min(taken(layer) for _ in range(ROUNDS)):>8.3f} ms")


def taken(layer: Callable[[], None]) -> float:
    """CPU of all threads, milliseconds per answer."""
    started = time.process_time()
    layer()
    return (time.process_time() - started) / COUNT * 1_000


def by_socket(address: str) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(address).port)) as connection:
        for number in range(COUNT):
            connection.sendall(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % number)
            connection.recv(65_536)


def by_standard_library(address: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(address).netloc)
    for number in range(COUNT):
        connection.request("GET", f"/{number}")
        connection.getresponse().read()
    connection.close()


def by_httpcore(address: str) -> None:
    with httpcore.ConnectionPool() as pool:
        for number in range(COUNT):
            pool.request("GET", f"{address}/{number}")


def by_httpx(address: str) -> None:
    with httpx.Client() as client:
        for number in range(COUNT):
            client.get(f"{address}/{number}").json()


def by_client(address: str, directory: Path) -> None:
    client = HttpClient(HttpSettings(base_url=address, allow_private_hosts=True), directory)
    for number in range(COUNT):
        client.send(HttpRequest("GET", f"{address}/{number}"), HttpAnswer.json)
    client.close()


def by_source(address: str, directory: Path) -> None:
    settings = RestSettings(base_url=address, allow_private_hosts=True, concurrency=1)
    source = open_source(settings, Context(directory, directory))
    requests = [
        MetricRequest(f"m{number}", "day", "UTC", (), RestRequest(path=f"/{number}", rows="data"))
        for number in range(COUNT)
    ]
    for _ in source.read(requests, measured.JANUARY):
        pass
    source.close()


@contextmanager
def at_once() -> Iterator[str]:
    """The address of a server that answers at once."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve_at_once, args=(there,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.kill()


def serve_at_once(told) -> None:
    measured.LATENCY_SECONDS = 0.0
    measured.serve(told)


if __name__ == "__main__":
    main()
