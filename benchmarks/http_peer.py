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


def main(name: str, address: str, count: int, concurrency: int) -> None:
    addresses = [f"{address}/{number}" for number in range(count)]
    contestants = {
        "httpx threads": lambda: with_threads(addresses, concurrency),
        "httpx async": lambda: asyncio.run(with_httpx(addresses, concurrency)),
        "aiohttp": lambda: asyncio.run(with_aiohttp(addresses, concurrency)),
    }
    import aiohttp  # noqa: F401 - imports are not what is timed
    import httpx  # noqa: F401

    wall, cpu = time.perf_counter(), time.process_time()
    answers = contestants[name]()
    print(time.perf_counter() - wall, time.process_time() - cpu)
    assert all(len(answer["data"]) == 31 for answer in answers)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
