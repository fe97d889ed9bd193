"""What goes wrong between a program and an API, each as what a server sends.

Belongs here: the faults, and 500 hostile answers made from seeds. Does not: what a connector must make of them
(survival).
"""

import gzip
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache

from connectors.errors import (
    AuthError,
    ConfigError,
    ConnectorError,
    ContractError,
    DataError,
    QuotaExhausted,
    TransientError,
)
from okr_pipeline_tests.connectors.http.server import Reply, head, reply

JSON = {"Content-Type": "application/json"}
Make = Callable[[bytes], Reply]
"""From the body that would be right to what is sent in its place."""


@dataclass(frozen=True)
class Fault:
    """What is sent, what it must become, and whether the right answer is taken if it comes after that.

    `waits` is the least number of seconds before the next request. `posted` is what it must become of a POST, where
    that is something else.
    """

    make: Make
    error: type[ConnectorError]
    passes: bool = False
    waits: float = 0
    posted: type[ConnectorError] | None = None


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _busy(status: int, headers: Callable[[], Mapping[str, str]] = dict) -> Make:
    return lambda good: reply(status, b'{"error": "busy"}', {**JSON, **headers()})


def _body(change: Callable[[bytes], bytes], headers: Mapping[str, str] = JSON) -> Make:
    return lambda good: reply(200, change(good), headers)


def _raw(*parts: bytes, slow: bool = False, resets: bool = False) -> Make:
    return lambda good: Reply(parts, slow=slow, closes=True, resets=resets)


def _cut(good: bytes) -> Reply:
    return Reply([head(200, {**JSON, "Content-Length": str(len(good))}), good[: len(good) // 2]], resets=True)


def _ended(good: bytes) -> Reply:
    return Reply([head(200, {**JSON, "Connection": "close"}), good[: len(good) // 2]], closes=True)


def _cut_chunk(good: bytes) -> Reply:
    chunk = f"{len(good):x}\r\n".encode() + good + b"\r\n"
    return Reply([head(200, {**JSON, "Transfer-Encoding": "chunked"}), chunk], closes=True)


def _half_gzip(good: bytes) -> bytes:
    packed = gzip.compress(good)
    return packed[: len(packed) - 6]


def _endless(part: bytes) -> Iterator[bytes]:
    while True:
        yield part


def _slow_headers(_: bytes) -> Reply:
    return Reply(_endless(b"X"), slow=True, closes=True)


def _slow_body(good: bytes) -> Reply:
    return Reply([head(200, {**JSON, "Content-Length": "1000000"}), *([b" "] * 1_000_000)], slow=True, closes=True)


def _large_body(_: bytes) -> Reply:
    parts = (b"1," * 500_000 for _ in range(100))
    return Reply([head(200, {**JSON, "Content-Length": "100000000"}), *parts], closes=True)


def _unannounced_large_body(_: bytes) -> Reply:
    return Reply([head(200, JSON), *(b"1," * 500_000 for _ in range(100))], closes=True)


def _bomb(_: bytes) -> bytes:
    return _packed_spaces()


@cache
def _packed_spaces() -> bytes:
    return gzip.compress(b"[" + b" " * 100_000_000 + b"]", 1)


def _with_first(good: bytes, text: str) -> bytes:
    return b"{" + text.encode() + b"," + good[1:]


GZIP = {**JSON, "Content-Encoding": "gzip"}
FAULTS: Mapping[str, Fault] = {
    "429, no word when": Fault(_busy(429), TransientError, passes=True),
    "429, seconds": Fault(_busy(429, lambda: {"Retry-After": "7"}), QuotaExhausted, passes=True, waits=7),
    "429, a date": Fault(
        _busy(429, lambda: {"Retry-After": format_datetime(_now() + timedelta(seconds=9), usegmt=True)}),
        QuotaExhausted, passes=True, waits=7.5,
    ),
    "429, an epoch": Fault(
        _busy(429, lambda: {"X-RateLimit-Reset": str(int(_now().timestamp()) + 9)}), QuotaExhausted, passes=True, waits=7.5
    ),
    "429, an epoch in milliseconds": Fault(
        _busy(429, lambda: {"X-RateLimit-Reset": str((int(_now().timestamp()) + 9) * 1000)}), QuotaExhausted, passes=True, waits=7.5
    ),
    "429, ISO 8601": Fault(
        _busy(429, lambda: {"X-RateLimit-Reset": (_now() + timedelta(seconds=9)).isoformat()}), QuotaExhausted, passes=True, waits=7.5
    ),
    "429, a reset later than its Retry-After": Fault(
        _busy(429, lambda: {"Retry-After": "1", "X-RateLimit-Remaining": "0", "RateLimit-Reset": "30"}), QuotaExhausted, passes=True, waits=30
    ),
    "429, a server whose clock is an hour behind": Fault(
        _busy(429, lambda: {
            "Date": format_datetime(_now() - timedelta(hours=1), usegmt=True),
            "Retry-After": format_datetime(_now() - timedelta(minutes=59), usegmt=True),
        }), QuotaExhausted, passes=True, waits=60,
    ),
    "429, a day": Fault(_busy(429, lambda: {"Retry-After": "86400"}), QuotaExhausted, waits=86_400),
    "403, secondary limit": Fault(_busy(403, lambda: {"Retry-After": "5"}), QuotaExhausted, passes=True, waits=5),
    "403, nothing remains": Fault(
        _busy(403, lambda: {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(_now().timestamp()) + 9)}),
        QuotaExhausted, passes=True, waits=7.5,
    ),
    **{f"{status}": Fault(_busy(status), TransientError, passes=True) for status in (408, 500, 502, 503, 504, 529)},
    "503, seconds": Fault(_busy(503, lambda: {"Retry-After": "3"}), QuotaExhausted, passes=True, waits=3),
    "reset in the middle of the body": Fault(_cut, TransientError, passes=True),
    "end in the middle of a body of no announced length": Fault(_ended, TransientError, passes=True),
    "end before the last chunk": Fault(_cut_chunk, TransientError, passes=True),
    "hung up at once": Fault(_raw(), TransientError, passes=True),
    "reset at once": Fault(_raw(resets=True), TransientError, passes=True),
    "gzip cut short": Fault(_body(_half_gzip, GZIP), TransientError, passes=True),
    "slow headers": Fault(_slow_headers, TransientError, passes=True),
    "slow body": Fault(_slow_body, TransientError, passes=True),
    "no HTTP": Fault(_raw(b"SSH-2.0-OpenSSH_9.2\r\n"), TransientError),
    "endless headers": Fault(lambda _: Reply([head(200, {})[:-2], *([b"X-A: " + b"a" * 9_000 + b"\r\n"] * 200)], closes=True), TransientError),
    "401": Fault(_busy(401), AuthError),
    "403": Fault(_busy(403), AuthError),
    "400": Fault(_busy(400), ConfigError),
    "404": Fault(_busy(404), ConfigError),
    "410": Fault(_busy(410), ConfigError),
    "204": Fault(lambda _: Reply([head(204, {})]), ContractError),
    "206": Fault(_busy(206), ContractError),
    "304": Fault(lambda _: Reply([head(304, {})]), ContractError),
    "302 to another server": Fault(lambda _: reply(302, b"", {"Location": "http://169.254.169.254/latest/meta-data"}), ContractError, posted=ConfigError),
    "302 to itself": Fault(lambda _: reply(302, b"", {"Location": "?again"}), ContractError, posted=ConfigError),
    "web page": Fault(_body(lambda _: b"<!doctype html><title>Sign in</title>", {"Content-Type": "text/html"}), ContractError),
    "web page called JSON": Fault(_body(lambda _: b"\n<html><body>Maintenance</body></html>"), ContractError),
    "empty": Fault(_body(lambda _: b""), DataError),
    "blanks": Fault(_body(lambda _: b"  \n"), DataError),
    "100 MB": Fault(_large_body, DataError),
    "100 MB, unannounced": Fault(_unannounced_large_body, DataError),
    "gzip bomb": Fault(_body(_bomb, GZIP), DataError),
    "gzip in name only": Fault(_body(lambda good: good, GZIP), DataError),
    "bytes after gzip": Fault(_body(lambda good: gzip.compress(good) + b"more", GZIP), DataError),
    "brotli": Fault(_body(lambda good: good, {**JSON, "Content-Encoding": "br"}), ContractError),
    "gzip in gzip": Fault(_body(lambda good: good, {**JSON, "Content-Encoding": "gzip, gzip"}), ContractError),
    "NaN": Fault(_body(lambda good: _with_first(good, '"x": NaN')), DataError),
    "Infinity": Fault(_body(lambda good: _with_first(good, '"x": -Infinity')), DataError),
    "a number beyond numbers": Fault(_body(lambda good: _with_first(good, '"x": 1e999')), DataError),
    "a number of 5,000 digits": Fault(_body(lambda good: _with_first(good, f'"x": {"9" * 5000}')), DataError),
    "a key twice": Fault(_body(lambda good: _with_first(good, '"x": 1, "x": 2')), DataError),
    "half of a character": Fault(_body(lambda good: _with_first(good, '"x": "\\ud83d"')), DataError),
    "no UTF-8": Fault(_body(lambda good: good[:-1] + b',"x":"\xff"}'), DataError),
    "nested 100,000 deep": Fault(_body(lambda _: b"[" * 100_000 + b"]" * 100_000), DataError),
    "two million values": Fault(_body(lambda _: b"[" + b"0," * 2_000_000 + b"0]"), DataError),
    "JSON with more behind": Fault(_body(lambda good: good + good), DataError),
    "null": Fault(_body(lambda _: b"null"), ContractError),
    "a number alone": Fault(_body(lambda _: b"17"), ContractError),
    "an error with 200": Fault(_body(lambda _: b'{"error": {"code": 17, "message": "no"}}'), ContractError),
}  # fmt: skip


def hostile(seed: int, good: bytes) -> Reply:
    """An answer that cannot be right, of a kind and with details that the seed chooses."""
    chance = random.Random(seed)
    return chance.choice(_HOSTILE)(chance, good)


def _cut_anywhere(chance: random.Random, good: bytes) -> Reply:
    whole = head(200, {**JSON, "Content-Length": str(len(good))}) + good
    return Reply([whole[: chance.randrange(len(whole))]], closes=True, resets=chance.random() < 0.5)


def _other_status(chance: random.Random, good: bytes) -> Reply:
    status = chance.choice(
        [*range(201, 204), 205, *range(300, 309), *range(400, 452), *range(500, 512), 529, 599, 700, 999]
    )
    return reply(
        status,
        good,
        chance.choice([{}, JSON, {"Retry-After": chance.choice(_ODD)}, {"Location": chance.choice(_PLACES)}]),
    )


def _noise(chance: random.Random, good: bytes) -> Reply:
    return Reply([chance.randbytes(chance.randrange(1, 3_000))], closes=True)


def _noise_body(chance: random.Random, good: bytes) -> Reply:
    # A first byte that no JSON begins with.
    return reply(200, b"\xfe" + chance.randbytes(chance.randrange(3_000)), chance.choice([JSON, GZIP, {}]))


def _odd_length(chance: random.Random, good: bytes) -> Reply:
    length = chance.choice(
        [
            "-1",
            "abc",
            "1e3",
            f"{len(good)}, {len(good) + 1}",
            str(10**30),
            str(len(good) + chance.randrange(1, 999)),
            "",
        ]
    )
    return Reply([head(200, {**JSON, "Content-Length": length}), good], closes=True)


def _odd_chunks(chance: random.Random, good: bytes) -> Reply:
    size = chance.choice([b"zz", b"-5", b"ffffffffffffffffff", b"", b"5;" + b"x" * 200_000])
    return Reply([head(200, {**JSON, "Transfer-Encoding": "chunked"}), size + b"\r\n", good], closes=True)


def _odd_encoding(chance: random.Random, good: bytes) -> Reply:
    encoding = chance.choice(["br", "zstd", "deflate", "compress", "gzip, gzip", "gzip;q=1", "\x01", "g" * 5_000])
    return reply(200, good, {**JSON, "Content-Encoding": encoding})


def _hurt_gzip(chance: random.Random, good: bytes) -> Reply:
    packed = bytearray(gzip.compress(good, mtime=0))
    if chance.random() < 0.5:
        packed = packed[: chance.randrange(1, len(packed))]
    else:
        packed[-chance.randrange(1, 9)] ^= 1 << chance.randrange(8)  # the checksum, or the length
    return reply(200, bytes(packed), GZIP)


def _odd_value(chance: random.Random, good: bytes) -> Reply:
    return reply(200, _with_first(good, f'"x{chance.random()}": {chance.choice(_VALUES)}'), JSON)


def _odd_shape(chance: random.Random, good: bytes) -> Reply:
    document = chance.choice(
        [
            [],
            [1],
            [[]],
            {},
            {"a": []},
            "text",
            0,
            True,
            {"facts": chance.choice([1, "x", [1], [None], [[]], True, None])},
        ]
    )
    return reply(200, json.dumps(document if document != [] else "[]").encode(), JSON)


def _odd_headers(chance: random.Random, good: bytes) -> Reply:
    line = chance.choice([b"no colon at all", b": no name", b"X-A" * 50_000, b"X\x00Y: z", b" folded: first"])
    return Reply([b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n" + good[:-1]], closes=True)


def _odd_status_line(chance: random.Random, good: bytes) -> Reply:
    line = chance.choice(
        [b"HTTP/9.9 200 OK", b"HTTP/1.1 20 OK", b"HTTP/1.1", b"HTTP/1.1 abc", b"ICY 200 OK", b"", b"HTTP/1.1 101 Go"]
    )
    return Reply([line + b"\r\n\r\n" + good[:-1]], closes=True)


def _interim(chance: random.Random, good: bytes) -> Reply:
    return Reply([b"HTTP/1.1 100 Continue\r\n\r\n"] * chance.randrange(1, 50), closes=True)


_ODD = ["-1", "abc", "1e99", "9" * 400, "Thu, 99 Foo 2026", "2026-13-01T00:00:00Z", "\x01", "3600", "0.5", ""]
_PLACES = [
    "http://evil.example/",
    "//evil.example",
    "file:///etc/passwd",
    "http://[::1",
    "http://127.0.0.1:1/",
    "http://u:p@127.0.0.1/",
    "\x01",
    "https:",
    "",
]
_VALUES = [
    "NaN",
    "Infinity",
    "1e999",
    "01",
    "'x'",
    '"\\ud800"',
    '"\\x"',
    "{]",
    '"\x01"',
    "+1",
    ".5",
    "0x10",
    "undefined",
    "[" * 3_000,
    '{"a":1,"a":2}',
    "9" * 5_000,
]
_HOSTILE = [
    _cut_anywhere, _other_status, _noise, _noise_body, _odd_length, _odd_chunks, _odd_encoding, _hurt_gzip, _odd_value,
    _odd_shape, _odd_headers, _odd_status_line, _interim,
]  # fmt: skip
