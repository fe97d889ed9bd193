"""Bodies of answers: read to their end, and no further than a source's cap.

Belongs here: counting and unpacking bytes as they arrive, and JSON that means one thing only. Does not: sockets, or
what a body says.
"""

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from connectors.errors import ContractError, DataError, TransientError, source_key
from connectors.numbers import Written

_MOST_VALUES: Final = 1_000_000
_STEP: Final = 1 << 20
_GZIP: Final = 16 + zlib.MAX_WBITS
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_NARROW: Final = (" Ask for less at a time, or raise ", source_key("max_bytes"), ".")


def read_body(chunks: Iterable[bytes], encoding: str, most: int) -> bytes:
    """The whole body, unpacked. `encoding` is the Content-Encoding header.

    Raises:
        DataError: it is larger than `most` bytes, packed or unpacked.
        ContractError: it is packed in another way than gzip.
        TransientError: it ends before its gzip stream does.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return _plain(chunks, most)
        case "gzip" | "x-gzip":
            return _unpacked(chunks, most)
        case other:
            raise ContractError(
                f"The answer is packed as {other[:40]!r}, which was not asked for. Let the server send gzip or nothing."
            )


def _plain(chunks: Iterable[bytes], most: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > most:
            raise DataError(f"The answer is larger than {most:,} bytes.", *_NARROW)
    return bytes(body)


def _unpacked(chunks: Iterable[bytes], most: int) -> bytes:
    unpacker, body, wire = zlib.decompressobj(_GZIP), bytearray(), 0
    for chunk in chunks:
        wire += len(chunk)
        rest = chunk
        while rest:
            try:
                body += unpacker.decompress(rest, _STEP)
            except zlib.error:
                raise DataError("The answer is no gzip stream, though it says so. Ask the owner of the API.") from None
            if wire > most or len(body) > most:
                raise DataError(f"The answer unpacks to more than {most:,} bytes.", *_NARROW)
            if unpacker.eof and (unpacker.unused_data or not unpacker.unconsumed_tail):
                break
            rest = unpacker.unconsumed_tail
        if unpacker.unused_data:
            raise DataError("The answer goes on after the end of its gzip stream. Ask the owner of the API.")
    if not unpacker.eof:
        raise TransientError("The answer was cut short inside its gzip stream. Run again.")
    return bytes(body)


def read_json(body: bytes) -> Any:
    """A body as JSON in UTF-8: no key twice in an object, no NaN, no infinite number, no half of a character.

    Numbers remember their digits; see `connectors.numbers`.

    >>> read_json(b'{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}

    Raises:
        DataError: it is something else, nested too deeply, or of more than a million values.
        TransientError: it ends in the middle.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError("The answer is not UTF-8 text. Ask the owner of the API for JSON in UTF-8.") from None
    if not text.strip():
        raise DataError("The answer is empty. No rows would be an empty list; ask the owner of the API.")
    if sum(map(text.count, ",[{")) > _MOST_VALUES:
        raise DataError(f"The answer holds more than {_MOST_VALUES:,} values. Ask for smaller pages.")
    return _whole(_parsed(text), text)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=Written, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        if _is_cut(text, error):
            raise TransientError("The answer was cut short inside its JSON. Run again.") from None
        raise DataError(
            f"The answer is not JSON: {error.msg} at character {error.pos:,}. Ask the owner of the API."
        ) from None
    except RecursionError:
        raise DataError("The answer is nested too deeply to be data. Ask the owner of the API.") from None
    except ValueError as error:
        raise DataError(f"The answer is not JSON as it should be: {error}. Ask the owner of the API.") from None


def _is_cut(text: str, error: json.JSONDecodeError) -> bool:
    began = text.lstrip()[:1] in ("{", "[", '"')
    return began and (error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"))


def _whole(document: Any, text: str) -> Any:
    if _SURROGATE.search(text):
        try:
            json.dumps(document, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise DataError("The answer holds half of a character. Ask the owner of the API.") from None
    return document


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice[:40]!r} is there twice in one object")
    return record
