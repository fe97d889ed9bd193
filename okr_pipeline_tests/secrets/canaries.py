"""Forty secrets, and every shape in which one of them may come out again.

Belongs here: the values, where each is planted, and looking for them. Does not: planting (planting) or running
(scenarios).
"""

import base64
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from html import escape
from urllib.parse import quote, quote_plus

import numpy as np


class Canary(str):  # noqa: SLOT000 - it keeps its needles
    """A secret value; `needles` are the bytes that give it away."""

    @cached_property
    def needles(self) -> frozenset[bytes]:
        return frozenset(needle for part in self._parts() for needle in _shapes(part))

    def _parts(self) -> Iterator[str]:
        """All of it, and what a parser that stops in the middle would show."""
        yield str(self)
        for separator in ("\n", "@", "/", ":", " "):
            yield from (part for part in self.split(separator) if len(part) >= 6 and part != self)


def encoded(canary: str) -> str:
    """As it stands in an address."""
    return quote(canary, safe="")


CANARIES: Mapping[str, Canary] = {
    name: Canary(value)
    for name, value in {
        # In the addresses of sources
        "closed port": "Wq1-closed-Port", "refused login": "Wq2-refused-Login", "refused login, odd letters": "Wq3aaaa@Wq3bbbb/Wq3cccc:Wq3#d?e%f",
        "refused login, blanks": "Wq4aaaa Wq4bbbb+Wq4cccc", "refused login, quotes": "Wq5'quotes\"and\\slashes", "refused login, markup": "Wq6<b>&amp;markup</b>",
        "refused login, pattern": "Wq7.*[pattern](?P<x>)^$|+", "refused login, letters": "Wq8-schlüssel-ключ-鍵", "refused login, lines": "Wq9-first-line\nWq9-second-line",
        "refused login, short": "zQ7kX9", "refused login, part of a variable": "Wr1-of-a-variable", "refused login, in the query": "Wr2-in-the-query",
        "refused login, like base64": "V3I0bGlrZWJhc2U2NA==", "refused login, long": "Wr5" + "-long" * 40, "key of a certificate": "Wr6-sslpassword-Wr6",
        "unknown kind": "Wr7-unknown-kind", "file of SQLite": "Wr8-query-of-sqlite", "file of DuckDB": "Wr9-motherduck-token",
        "path of a share": "Ws1-path-of-a-share", "path with a token": "Ws2-path-with-a-token",
        # In the settings of a connector of somebody else's
        "crash": "Ws3-crash-of-a-connector", "error": "Ws4-error-of-a-connector", "evidence": "Ws5-evidence-of-a-connector", "log": "Ws6-log-of-a-connector",
        "caution": "Ws7-caution-of-a-connector", "opening": "Ws8-opening-a-connector", "nested": "Ws9-nested-in-a-setting", "warning": "Wt1-warning-of-a-connector",
        # In what is refused before anything is opened
        "unencoded": "Wt2aaaa@Wt2bbbb@Wt2cccc", "in place of a port": "Wt3-no-port-at-all", "no address": "Wt4-no-address-at-all", "in clear": "Wt5-written-in-clear",
        "wrong type": "Wt6-of-the-wrong-type", "unknown key": "Wt7-under-an-unknown-key", "not YAML": "Wt8-in-no-yaml",
        # Of logins to APIs, and what those give in return
        "api bearer": "Wv1-bearer-of-an-api", "api header": "Wv2-key-of-an-api", "api query": "Wv3aaaa/Wv3bbbb+Wv3c=&d", "api basic": "Wv4-password:of@an-api",
        "api client": "Wv5-secret+of/a-client", "api refresh": "Wv6-refresh-token", "api access": "Wv7-access-token", "api rotated": "Wv8-rotated-refresh-token",
        # Of logins to warehouses and buckets
        "snowflake": "Ww1aaaa@Ww1bbbb/of+snowflake", "snowflake private key": "Wx7-private-key-of-snowflake", "snowflake passphrase": "Wx8-pass/phrase+Wx8",
        "redshift": "Ww2-of-redshift", "trino": "Ww3-of-trino", "trino token": "Ww4-token-of-trino",
        "clickhouse": "Ww5:of/click+house", "databricks": "Ww6-of-databricks", "bigquery private key": "Ww7-private-key-of-bigquery",
        "s3 secret": "Ww8/secret+of/s3", "s3 session": "Ww9/session+of/s3", "gcs private key": "Wx1-private-key-of-gcs", "gcs text": "Wx2-in-place-of-a-key",
        "azure key": "V3gzLW9mLWF6dXJlLWFjY291bnQ=", "azure bad key": "Wx4-no-base64-of-azure", "azure signature": "Wx5/signature+of/azure=", "option of a warehouse": "Wx6-passphrase-of-a-key",
        # The store's and the environment's
        "store closed": "Wu1-store-is-closed", "store refused": "Wu2aaaa@Wu2bbbb/Wu2cccc", "store in the query": "Wu3-store-in-the-query", "store used": "Wu4-store-in-use",
        "environment": "Wu5-in-the-environment", "passfile": "Wu6-in-the-passfile",
    }.items()
}  # fmt: skip


def found(blob: bytes) -> set[str]:
    """The names of the canaries that a sink gives away.

    What a log says again and again is looked through once, and only for needles whose first three bytes stand somewhere.
    """
    once = b"\n".join(dict.fromkeys(blob.split(b"\n")))
    there = _threes(once)
    begun = (
        (name, [it for it in canary.needles if there[int.from_bytes(it[:3])]]) for name, canary in CANARIES.items()
    )
    return {name for name, needles in begun if any(needle in once for needle in needles)}


def _threes(blob: bytes) -> np.ndarray:
    """Whether three bytes stand in it one after another, by the number that they make."""
    codes = np.frombuffer(blob, np.uint8).astype(np.uint32)
    there = np.zeros(1 << 24, dtype=bool)
    there[(codes[:-2] << 16) | (codes[1:-1] << 8) | codes[2:]] = True
    return there


def _shapes(text: str) -> Iterator[bytes]:
    quoted = {text, quote(text), quote(text, safe=""), quote_plus(text), quote(quote(text, safe=""), safe="")}
    quoted |= {_lower_hex(shape) for shape in quoted}
    escaped = {
        repr(text)[1:-1],
        ascii(text)[1:-1],
        json.dumps(text)[1:-1],
        json.dumps(json.dumps(text))[3:-3],
        escape(text),
        escape(text, quote=False),
    }
    escaped |= {repr(shape)[1:-1] for shape in escaped}  # as JSON in a row that is printed
    for shape in quoted | escaped:
        yield shape.encode()
    yield text.encode("utf-16-le")
    yield text.encode().hex().encode()
    yield from _base64(text.encode())


def _lower_hex(text: str) -> str:
    head, *rest = text.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def _base64(data: bytes) -> Iterator[bytes]:
    """What of it is the same wherever it stands in a longer text, as `user:password` of a header does."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + data)
        start = -(-before * 8 // 6)
        inner = whole[start : (before + len(data)) * 8 // 6]
        if len(inner) >= 6:
            yield inner
            yield inner.translate(bytes.maketrans(b"+/", b"-_"))
