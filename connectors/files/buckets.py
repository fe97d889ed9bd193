"""A bucket of objects as a place of files: S3, Google Cloud Storage, Azure, through fsspec.

Belongs here: which object is meant, that it is read whole in one state, deadlines, egress, errors in our words. Does
not: what is particular to one provider (`providers`).

An object is looked at, read in one request, and looked at again: what was read is of the state that both looks saw.
"""

import asyncio
import io
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, SecretStr

from connectors.errors import AuthError, ConfigError, ConnectorError, TransientError, source_key
from connectors.files import SCHEMES
from connectors.files.folders import Opened, changed_meanwhile, refuse_size, refuse_unknown_format, suffix
from connectors.files.providers import PROVIDERS, Provider
from connectors.http.hiding import hidden
from connectors.http.network import is_public, resolved
from connectors.points import nearest_name
from connectors.watching import Watch

if TYPE_CHECKING:
    from connectors.files import FilesSettings

ResultT = TypeVar("ResultT")
_STATES: Final = ("ETag", "etag", "generation", "VersionId", "version_id", "LastModified", "last_modified", "updated")
"""What providers tell of an object's state; each tells some of them."""


def open_bucket(settings: "FilesSettings") -> "Bucket":
    """The bucket of the settings' path; nothing is asked yet.

    Raises:
        ConfigError: what reads such buckets is not installed.
    """
    scheme, _, rest = settings.path.partition("://")
    provider = PROVIDERS[SCHEMES[scheme]]
    provider.refuse_missing_package()
    name, _, prefix = rest.strip("/").partition("/")
    login = getattr(settings, SCHEMES[scheme])
    return Bucket(provider, scheme, name, prefix, login, settings.allow_private_hosts)


@dataclass(slots=True, repr=False)
class Bucket:
    """See `connectors.files.folders.Folder`."""

    provider: Provider
    scheme: str
    name: str
    prefix: str
    login: BaseModel | None
    allow_private_hosts: bool
    _filesystem: Any = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def found(self, name: str) -> str:
        """The key of an object. Whether there is one is asked when it is opened."""
        parts = name.split("/")
        if {"", ".", ".."} & set(parts) or set("?#") & set(name):
            raise ConfigError(
                f"The file {name} is no name inside {self._shown(self.prefix)}. Write what its name goes on with there,"
                " without '..', '//', '?' or '#'; or give it a source of its own."
            )
        refuse_unknown_format(name, suffix(name))
        return f"{self.prefix}/{name}" if self.prefix else name

    def shown(self, file: str) -> str:
        return self._shown(file)

    @contextmanager
    def opened(self, file: str, max_bytes: int, watch: Watch) -> Iterator[Opened]:
        before = self._looked_at(file, watch)
        refuse_size(before.size, max_bytes)
        content = self._content(file, before.size, watch)
        if len(content) != before.size or self._looked_at(file, watch) != before:
            raise changed_meanwhile("write it before it is read, or under another name")
        yield Opened(io.BytesIO(content), before.name)

    def check(self, watch: Watch) -> None:
        names = self._names(watch)
        if not names:
            raise ConfigError(
                f"Nothing in {self._shown('')} begins with {self.prefix or 'anything'}. Write the files there, or"
                " correct ",
                source_key("path"),
                ".",
            )

    def close(self) -> None:
        with self._lock:
            filesystem, self._filesystem = self._filesystem, None
        if filesystem is not None:
            self.provider.close(filesystem)

    def _looked_at(self, file: str, watch: Watch) -> "_State":
        """The state of an object.

        Raises:
            ConfigError: there is none.
        """
        try:
            seen = self._awaited(lambda fs: fs._info(self._path(file)), watch)  # noqa: SLF001 - fsspec's way to await
        except FileNotFoundError:
            seen = {"type": "nothing"}
        if seen["type"] != "file":
            raise ConfigError(f"There is no object {self._shown(file)}. {self._nearest(file, watch)}")
        return _State(int(seen["size"]), tuple(str(seen[name]).strip('"') for name in _STATES if seen.get(name)))

    def _content(self, file: str, size: int, watch: Watch) -> bytes:
        """As many bytes of an object, in one request."""
        try:
            read = self._awaited(
                lambda fs: fs._cat_file(self._path(file), start=0, end=size),  # noqa: SLF001 - fsspec's way to await
                watch,
            )
        except FileNotFoundError:
            return b""
        return bytes(read)

    def _nearest(self, file: str, watch: Watch) -> str:
        """What it may have been meant to be."""
        try:
            return nearest_name(file.removeprefix(f"{self.prefix}/"), self._names(watch))
        except AuthError:
            # A login that may read need not be allowed to list.
            return "Name one that is there, or write this one."

    def _names(self, watch: Watch) -> list[str]:
        """The first of what metrics can name."""
        prefix = f"{self.prefix}/" if self.prefix else ""
        try:
            keys = self._awaited(lambda fs: self.provider.names(fs, self.name, prefix), watch)
        except FileNotFoundError:
            raise ConfigError(f"There is no bucket {self._shown('')}. Correct ", source_key("path"), ".") from None
        return [key.removeprefix(prefix) for key in keys]

    def _awaited(self, ask: Any, watch: Watch) -> Any:
        """What the provider answers, by the deadline of the watch.

        Raises:
            FileNotFoundError: there is no such thing.
            ConnectorError: anything else that went wrong.
        """
        try:
            filesystem = self._connected()
            future = asyncio.run_coroutine_threadsafe(_coroutine(ask(filesystem)), filesystem.loop)
            with watch.over(lambda: _cancel(future)):
                return future.result()
        except (FileNotFoundError, ConnectorError):
            raise
        except CancelledError:
            told: ConnectorError = TransientError(
                f"{self.provider.title} took longer than ", source_key("request_timeout"), ". Run again, or raise it."
            )
        except Exception as error:  # noqa: BLE001 - providers raise whatever theirs raise; all of it is told
            told = self._told(error)
        # Raised out here, so that the provider's error is no part of its chain: it may hold the login.
        raise told

    def _connected(self) -> Any:
        with self._lock:
            if self._filesystem is None:
                self._refuse_private_endpoint()
                self._filesystem = self.provider.connected(self.login)
        return self._filesystem

    def _refuse_private_endpoint(self) -> None:
        endpoint = getattr(self.login, "endpoint_url", None)
        if endpoint is None or self.allow_private_hosts:
            return
        parts = urlsplit(endpoint)
        host, port = str(parts.hostname), parts.port or 443
        private = next((address for address in resolved(host, port) if not is_public(address)), None)
        if private is not None:
            raise ConfigError(
                f"{host} leads to {private}, an address inside the network. Correct ",
                source_key("endpoint_url"),
                ", or set allow_private_hosts of the source if it is your own server.",
            )

    def _told(self, error: Exception) -> ConnectorError:
        kind, advice = self.provider.meaning(error)
        lines = str(error).strip().splitlines() or [type(error).__name__]
        said = hidden(lines[0].strip(), _secrets(self.login)).rstrip(".:! ")
        return kind(f"{self.provider.title} says: {said}. ", *advice)

    def _path(self, file: str) -> str:
        return f"{self.name}/{file}"

    def _shown(self, key: str) -> str:
        return f"{self.scheme}://{self.name}/{key}".rstrip("/")


@dataclass(frozen=True, slots=True)
class _State:
    """What a look at an object saw: `marks` differ where its content does."""

    size: int
    marks: tuple[str, ...]

    @property
    def name(self) -> str | None:
        """What evidence calls it."""
        return self.marks[0] if self.marks else None


def _cancel(future: "Future[Any]") -> None:
    future.cancel()


async def _coroutine(awaitable: Coroutine[Any, Any, ResultT]) -> ResultT:
    return await awaitable


def _secrets(login: BaseModel | None) -> set[str]:
    """The secrets of a login; of a signature, its parts, too."""
    values = [value.get_secret_value() for _, value in login or () if isinstance(value, SecretStr)]
    return {*values, *(part for value in values for name, part in parse_qsl(value) if name == "sig")}
