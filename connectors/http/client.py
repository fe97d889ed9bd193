"""Sending a request until its answer is there, whole and understood, or it is clear that it will not come.

Belongs here: trying again, waiting, redirects, what a status means. Does not: sockets (network), bodies, logins.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from ssl import SSLCertVerificationError
from typing import Any, Final, TypeVar

import httpx

from connectors.contract import Exchange, Traffic, Witness
from connectors.errors import (
    ConfigError,
    ConnectorError,
    ContractError,
    QuotaExhausted,
    TransientError,
    metric_key,
    reworded,
    source_key,
)
from connectors.http.bodies import read_body
from connectors.http.budgets import budget_of
from connectors.http.clock import Clock
from connectors.http.excerpts import excerpt
from connectors.http.hiding import hidden
from connectors.http.logins import Login, login_of
from connectors.http.meanings import UNAUTHORIZED, Busy, Judge, Working, refuse, refuse_login, refuse_token
from connectors.http.metering import Meter
from connectors.http.network import Network, Resolve, resolved
from connectors.http.quotas import quotas
from connectors.http.requests import HttpAnswer, HttpRequest, on_wire, origin_text, shown
from connectors.http.settings import HttpSettings
from connectors.http.transport import Transport

__all__ = ["Clock", "HttpClient"]

ParsedT = TypeVar("ParsedT")
_AGENT: Final = "okr-pipeline"
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30.0
_MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = (301, 302, 303, 307, 308)


class HttpClient:
    """Speaks with one source, from many threads. All errors are those of `connectors.errors`, without secrets.

    `directory` is the project's `.okr`, where budgets and refresh tokens are kept; key files are found from its parent.
    `witness` sees every answer but those to logins.
    """

    def __init__(
        self,
        settings: HttpSettings,
        directory: Path,
        clock: Clock | None = None,
        resolve: Resolve = resolved,
        witness: Witness | None = None,
    ) -> None:
        self._settings = settings
        self._witness = witness
        self._clock = clock or Clock()
        self._meter = Meter()
        self._network = Network(allow_private=settings.allow_private_hosts, resolve=resolve)
        self._transport = Transport(
            self._network, encrypted=settings.base_url.startswith("https:"), connections=settings.concurrency
        )
        self._login = login_of(
            settings.auth, self._ask_for_token, self._clock, directory, in_clear=settings.allow_private_hosts
        )
        self._budget = budget_of(settings, directory)
        self._closed_until = float("-inf")
        self._is_away = False
        self._lock = threading.Lock()

    def send(self, request: HttpRequest, parse: Callable[[HttpAnswer], ParsedT], judge: Judge = refuse) -> ParsedT:
        """What `parse` makes of the answer. It is tried again where it fails for now and the request allows it.

        `judge` is where an API says in ways of its own that something is no answer.

        Raises:
            ConnectorError: named by what to do next. QuotaExhausted: the server, or the source's own rate limit, wants
                a longer wait than the source's patience.
        """
        return self._send(request, parse, self._login, judge)

    def check(self, request: HttpRequest) -> None:
        """Whether the server is there and knows the login, whatever it says of the request.

        Raises:
            ConnectorError: as `send`.
        """
        self._send(request, lambda answer: answer, self._login, refuse_login)

    def hidden(self, text: str) -> str:
        """A text without anything that belongs to the login, tokens that were given since among it."""
        return hidden(text, self._login.secrets())

    def now(self) -> datetime:
        """What time it is, as the client sees it."""
        return self._clock.now()

    def traffic(self) -> Traffic:
        """What its requests cost so far."""
        return self._meter.traffic()

    def note_remaining(self, remaining: Mapping[str, int]) -> None:
        """Note what is left of budgets, by name, where an answer's body says it and no header does."""
        self._meter.add(Traffic(remaining=remaining))

    def cancel(self) -> None:
        """Let every request that is under way fail at once, and all that follow."""
        self._network.cancel()

    def close(self) -> None:
        """Stop what still runs, and close connections."""
        self._network.cancel()
        self._transport.close()

    def _ask_for_token(self, request: HttpRequest) -> Any:
        return self._send(request, HttpAnswer.json, None, refuse_token)

    def _send(
        self,
        request: HttpRequest,
        parse: Callable[[HttpAnswer], ParsedT],
        login: Login | None,
        judge: Judge = refuse,
    ) -> ParsedT:
        ends = self._clock.monotonic() + self._settings.patience.total_seconds()
        failures = count(1)
        for asked in count(1):
            self._await_turn(request, ends)
            if asked > 1:
                self._meter.add(Traffic(retries=1))
            try:
                with self._network.within(self._settings.request_timeout.total_seconds()):
                    answer = self._answer(request, login)
                if self._witness is not None and login is not None:
                    self._witness(self._exchange(request, answer))
                judge(answer, self._clock.now())
                parsed = parse(answer)
            except Working as error:
                self._pause(self._told(request, error), error.wait.total_seconds(), ends)
            except TransientError as error:
                attempt = next(failures)
                # One that tried in vain is enough: a thousand metrics must not each do so again.
                self._is_away = self._is_away or attempt == self._settings.attempts
                again = request.safe_to_retry and not self._is_away
                self._pause_or_raise(self._told(request, error), attempt, ends, again=again)
            except ConnectorError as error:
                raise self._told(request, error) from None
            else:
                self._is_away = False
                return parsed
        raise AssertionError

    def _answer(self, request: HttpRequest, login: Login | None) -> HttpAnswer:
        """The answer behind redirects that stay on the origin, and behind one new login."""
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._logged_in(request, login)
            target = answer.headers.get("location")
            if answer.status not in _REDIRECTS or target is None:
                return answer
            if request.method != "GET":
                raise ConfigError(
                    f"The address has moved to {shown(origin_text(target))}. Correct ",
                    metric_key("path"),
                    " or base_url.",
                )
            request = request.moved(target)
        raise ContractError("It leads on and on. Correct ", metric_key("path"), " or base_url of the source.")

    def _logged_in(self, request: HttpRequest, login: Login | None) -> HttpAnswer:
        if login is None:
            return self._exchanged(request)
        sent = login.added(request)
        answer = self._exchanged(sent)
        if answer.status == UNAUTHORIZED and login.renewed(sent):
            return self._exchanged(login.added(request))
        return answer

    def _exchanged(self, request: HttpRequest) -> HttpAnswer:
        left = self._settings.request_timeout.total_seconds()
        self._meter.add(Traffic(requests=1))
        try:
            with closing(self._transport.handle_request(_sent(request, left))) as answer:
                return self._read(answer)
        except httpx.TimeoutException:
            raise TransientError(
                f"The answer was not there within {left:g} seconds. Ask for less at a time, or raise ",
                source_key("request_timeout"),
                ".",
            ) from None
        except httpx.LocalProtocolError:
            # Its message shows the header, which may be the login.
            raise ConfigError(
                "It has a header or an address that HTTP does not allow, such as one with a line break. Correct ",
                source_key("headers"),
                ", and what its secrets hold.",
            ) from None
        except (httpx.NetworkError, httpx.ProtocolError) as error:
            self._refuse_cancelled()
            raise _lost(error) from None

    def _read(self, answer: httpx.Response) -> HttpAnswer:
        headers = _headers(answer)
        # Names of budgets are kept, and a server may name one as it likes.
        told = {name: self.hidden(value) for name, value in headers.items() if "limit" in name}
        if told:
            self._meter.add(Traffic(remaining={it.budget: it.remaining for it in quotas(told)}))
        chunks = self._meter.received(answer.iter_raw())
        body = read_body(chunks, headers.get("content-encoding", ""), self._settings.max_bytes)
        return HttpAnswer(answer.status_code, headers, body)

    def _exchange(self, request: HttpRequest, answer: HttpAnswer) -> Exchange:
        body = "" if request.body is None else "\n" + request.body.decode(errors="replace")
        asked = self.hidden(f"{request.method} {request.address}{body}")
        return Exchange(asked, answer.status, excerpt(answer.body, self._login.secrets()))

    def _await_turn(self, request: HttpRequest, ends: float) -> None:
        """Wait until neither the server nor the rate limit objects.

        Raises:
            QuotaExhausted: that is too long.
        """
        closed = self._closed_until - self._clock.monotonic()
        self._wait(closed, ends, f"{request.place}: The server asks to wait.")
        if self._budget is not None:
            turn = self._budget.take(max(0.0, ends - self._clock.monotonic()))
            self._wait(turn, ends, f"{request.place}: The rate_limit of the source is used up.")

    def _pause_or_raise(self, error: TransientError, attempt: int, ends: float, *, again: bool) -> None:
        """Wait before the next attempt.

        Raises:
            TransientError: there is none; QuotaExhausted where the server said when.
        """
        self._refuse_cancelled()
        if isinstance(error, Busy) and error.wait is not None:
            asked = error.wait.total_seconds()
            with self._lock:
                self._closed_until = max(self._closed_until, self._clock.monotonic() + asked)
            self._wait(asked, ends if again else float("-inf"), str(error))
            return
        pause = self._clock.chance() * min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)
        self._pause(error, pause if again else float("inf"), ends)

    def _pause(self, error: TransientError, seconds: float, ends: float) -> None:
        """Wait so long.

        Raises:
            TransientError: patience ends before.
        """
        if self._clock.monotonic() + seconds > ends:
            ended = TransientError(str(error))
            ended.key = error.key
            raise ended
        self._sleep(seconds)

    def _wait(self, seconds: float, ends: float, message: str) -> None:
        """Wait as long as was asked for, never less.

        Raises:
            QuotaExhausted: that is too long.
        """
        if self._clock.monotonic() + max(0.0, seconds) > ends:
            until = self._clock.now() + timedelta(seconds=seconds)
            raise QuotaExhausted(f"{message} It can be asked again at {until:%Y-%m-%d %H:%M:%S} UTC.", until)
        if seconds > 0:
            self._sleep(seconds)

    def _sleep(self, seconds: float) -> None:
        self._clock.sleep(self._network.cancelled, seconds)
        self._refuse_cancelled()
        self._meter.add(Traffic(waited_seconds=seconds))

    def _refuse_cancelled(self) -> None:
        if self._network.cancelled.is_set():
            raise TransientError("The read was cancelled. Run again.")

    def _told(self, request: HttpRequest, error: ConnectorError) -> Any:
        """The error with the place in front, and without secrets."""
        if isinstance(error, QuotaExhausted):
            return error
        place = f"{request.place}: "
        said = str(error) if str(error).startswith(place.rstrip(": ")) else place + str(error)
        message = self.hidden(said)
        return reworded(error, message)


def _sent(request: HttpRequest, seconds: float) -> httpx.Request:
    return httpx.Request(
        request.method,
        on_wire(request.address),
        headers=_sent_headers(request),
        content=request.body,
        extensions={"timeout": httpx.Timeout(seconds).as_dict()},
    )


def _sent_headers(request: HttpRequest) -> dict[str, str]:
    given = {"Accept": "application/json", "User-Agent": _AGENT, "Accept-Encoding": "gzip"}
    if request.body is not None:
        given |= {"Content-Type": "application/json"}
    own = {name.title(): value for name, value in request.headers.items()}
    for name, value in own.items():
        # Its name is told alone: the value may be the login.
        if not (name.isascii() and value.isascii()):
            raise ConfigError(
                f"The header {shown(name)} holds a letter that is not ASCII, such as a typographic quotation mark."
                " Copy what its variable holds again, or correct ",
                source_key("headers"),
                ".",
            )
    return given | own


def _headers(answer: httpx.Response) -> Mapping[str, str]:
    """By name in small letters; those that are there twice are joined, as RFC 9110 has it."""
    headers: dict[str, str] = {}
    for name, value in answer.headers.raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _lost(error: Exception) -> ConnectorError:
    said = shown(str(error)).rstrip(".") or type(error).__name__
    # The pool forgets the cause, which is also the argument of its error.
    beneath = error.__cause__ or error
    cause = beneath.args[0] if beneath.args else None
    if isinstance(cause, SSLCertVerificationError):
        return ConfigError(
            f"The server does not prove that it is the one: {shown(cause.verify_message)}. Check ",
            source_key("base_url"),
            "; an authority of your own is trusted where SSL_CERT_FILE names its certificate.",
        )
    if isinstance(error, httpx.ConnectError):
        return TransientError(
            f"The server cannot be reached: {said}. Check ",
            source_key("base_url"),
            ", where it has one, and the network and name service of this machine, then run again.",
        )
    return TransientError(f"The connection was lost before the answer was whole: {said}. Run again.")
