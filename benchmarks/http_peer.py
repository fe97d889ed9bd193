"""The peers of benchmarks/http_client.py, in an environment of their own: prints wall and CPU seconds of all."""

import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def with_threads(addresses: list[str], concurrency: int) -> list:
    import httpx

    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    with httpx.Client(limits=limits) as client, ThreadPoolExecutor(concurrency) as pool:
        return list(pool.map(lambda address: client.get(address).json(), addresses))


async def with_httpx(addresses: list[str], concurrency: int) -> list:
    import httpx

    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    turns = asyncio.Semaphore(concurrency)
    async with httpx.AsyncClient(limits=limits) as client:

        async def one(address: str):
            async with turns:
                return (await client.get(address)).json()

        return await asyncio.gather(*map(one, addresses))


async def with_aiohttp(addresses: list[str], concurrency: int) -> list:
    import aiohttp

    turns = asyncio.Semaphore(concurrency)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:

        async def one(address: str):
            async with turns, session.get(address) as answer:
                return await answer.json()

        return await asyncio.gather(*map(one, addresses))


def with_dlt(address: str, count: int, concurrency: int) -> list:
    """Extraction alone, in resources that are declared to run beside each other; nothing is normalised or loaded."""
    import tempfile

    import dlt
    from dlt.sources.rest_api import rest_api_source

    resources = [
        {
            "name": f"m{number}",
            "parallelized": True,
            "endpoint": {"path": f"{number}", "data_selector": "data", "paginator": "single_page"},
        }
        for number in range(count)
    ]
    source = rest_api_source({"client": {"base_url": address}, "resources": resources})
    with tempfile.TemporaryDirectory() as directory:
        pipeline = dlt.pipeline("peer", pipelines_dir=directory)
        info = pipeline.extract(source, workers=concurrency, max_parallel_items=concurrency)
        counted = sum(
            table.items_count for metrics in info.metrics.values() for table in metrics[0]["table_metrics"].values()
        )
    assert counted >= 31 * count
    return []


def main(name: str, address: str, count: int, concurrency: int) -> None:
    addresses = [f"{address}/{number}" for number in range(count)]
    contestants = {
        "httpx threads": lambda: with_threads(addresses, concurrency),
        "httpx async": lambda: asyncio.run(with_httpx(addresses, concurrency)),
        "aiohttp": lambda: asyncio.run(with_aiohttp(addresses, concurrency)),
        "dlt rest_api": lambda: with_dlt(address, count, concurrency),
    }
    # Imports are not what is timed.
    import aiohttp  # noqa: F401
    import dlt.sources.rest_api  # noqa: F401
    import httpx  # noqa: F401

    wall, cpu = time.perf_counter(), time.process_time()
    answers = contestants[name]()
    print(time.perf_counter() - wall, time.process_time() - cpu)
    assert all(len(answer["data"]) == 31 for answer in answers)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
