"""Tokens: what a service is shown for one, how long it is used, and that nobody else learns of it.

What is signed is judged by google-auth, which did not sign it.
"""

import json
import logging
import stat
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl

import pytest
from google.auth import jwt as judge
from google.oauth2 import service_account
from pydantic import ValidationError

from connectors.errors import AuthError, ConfigError, ConnectorError, ContractError, QuotaExhausted, TransientError
from connectors.http.client import HttpClient
from connectors.http.requests import HttpAnswer, HttpRequest
from connectors.http.settings import HttpSettings
from okr_pipeline_tests.connectors.http.faults import FAULTS
from okr_pipeline_tests.connectors.http.keys import key_pair
from okr_pipeline_tests.connectors.http.server import Server, json_reply, reply
from okr_pipeline_tests.connectors.http.survival import FastClock

SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
FIRST, SECRET = "r3fresh-first", "s3cret/of+client"
PAIR = b64encode(b"id:s3cret%2Fof%2Bclient").decode()


class Service:
    """Gives tokens for what is right, takes each refresh token once, and knows its own tokens."""

    def __init__(self) -> None:
        self.life, self.rotates, self.refused = 3600, False, set()
        self.current, self.given, self.asked, self.problem, self.skew = FIRST, 0, [], None, 0
        self._lock = threading.Lock()

    def __call__(self, seen):
        with self._lock:
            if seen.path == "/token":
                return self._token(seen)
            token = seen.headers.get("authorization", "").removeprefix("Bearer ")
            known = token.startswith("t0ken-") and token not in self.refused
            return json_reply({"ok": True}) if known else json_reply({"error": dict(seen.headers)}, 401)

    def _token(self, seen):
        form = dict(parse_qsl(seen.body.decode()))
        self.asked.append((seen, form))
        self.problem = getattr(self, f"_{form['grant_type'].rpartition(':')[2].replace('-', '_')}")(seen, form)
        if self.problem:
            return json_reply({"error": "invalid_grant", "error_description": self.problem, "you sent": form}, 400)
        self.given += 1
        answer = {"access_token": f"t0ken-{self.given}", "token_type": "Bearer", "expires_in": self.life}
        return json_reply(answer | ({"refresh_token": self.current} if form["grant_type"] == "refresh_token" else {}))

    def _client_credentials(self, seen, form):
        return None if self._is_client(seen, form) else "no such client"

    def _refresh_token(self, seen, form):
        if not self._is_client(seen, form):
            return "no such client"
        if form["refresh_token"] != self.current:
            self.current = "nothing any more"
            return "this was used before, or never given"
        if self.rotates:
            self.current = f"r3fresh-{self.given + 2}"
        return None

    def _jwt_bearer(self, seen, form):
        try:
            here = f"http://{seen.headers['host']}/token"
            claims = judge.decode(form["assertion"], key_pair().public, audience=here, clock_skew_in_seconds=self.skew)
        except ValueError as error:
            return str(error)
        return None if claims["iss"] in ("okr", "okr@project.iam.gserviceaccount.com") else "no such issuer"

    def _is_client(self, seen, form):
        in_header = seen.headers.get("authorization") == f"Basic {PAIR}" and "client_id" not in form
        return in_header or (form.get("client_id"), form.get("client_secret")) in (("id", SECRET), ("public", None))


@pytest.fixture
def service():
    with Server(Service()) as running:
        yield running


def kinds(url):
    """Every kind of login that asks for tokens."""
    token_url = f"{url}/token"
    client = {"token_url": token_url, "client_id": "id", "client_secret": SECRET}
    return {
        "client_credentials": client,
        "refresh_token": {**client, "refresh_token": FIRST},
        "jwt_bearer": {"token_url": token_url, "issuer": "okr", "private_key": key_pair().private},
        "google_service_account": {"key": key_pair().key_file(token_url), "scopes": [SCOPE]},
    }


KINDS = tuple(kinds(""))


@pytest.fixture
def opened(tmp_path, service):
    """Clients that log in to the service in some way; all are closed at the end."""
    made = []

    def opening(kind, clock=None, caps=(), **changes):
        auth = {
            kind: {name: value for name, value in {**kinds(service.url)[kind], **changes}.items() if value is not None}
        }
        settings = HttpSettings(base_url=service.url, auth=auth, allow_private_hosts=True, attempts=2, **dict(caps))
        made.append(HttpClient(settings, tmp_path / ".okr", (clock or FastClock()).clock()))
        return made[-1]

    yield opening
    for client in made:
        client.close()


def get(client, service, path="/x"):
    return client.send(HttpRequest("GET", f"{service.url}{path}"), HttpAnswer.json)


def shown(error):
    return f"{error!r} {error.__cause__!r} {error.__notes__ if hasattr(error, '__notes__') else ''}"


# What is shown for a token


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_is_asked_for_once_and_sent_with_every_request(opened, service, kind):
    client = opened(kind)
    assert [get(client, service) for _ in range(5)] == [{"ok": True}] * 5
    assert service.answer.given == 1
    assert {seen.headers["authorization"] for seen in service.seen if seen.path == "/x"} == {"Bearer t0ken-1"}


@pytest.mark.parametrize("kind", ["client_credentials", "refresh_token"])
@pytest.mark.parametrize(
    ("changes", "in_header", "in_body"),
    [
        ({}, True, {}),
        ({"client_login": "body"}, False, {"client_id": "id", "client_secret": SECRET}),
        ({"scope": "read all"}, True, {"scope": "read all"}),
    ],
)
def test_a_client_shows_its_secret_where_the_service_wants_it(opened, service, kind, changes, in_header, in_body):
    get(opened(kind, **changes), service)
    [(seen, form)] = service.answer.asked
    by_kind = {"grant_type": kind} | ({"refresh_token": FIRST} if kind == "refresh_token" else {})
    assert form == by_kind | in_body
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert ("authorization" in seen.headers) is in_header


def test_a_client_without_a_secret_shows_its_name(opened, service):
    get(opened("refresh_token", client_id="public", client_secret=None), service)
    [(seen, form)] = service.answer.asked
    assert form == {"grant_type": "refresh_token", "refresh_token": FIRST, "client_id": "public"}
    assert "authorization" not in seen.headers


@pytest.mark.parametrize(
    ("changes", "claims"),
    [
        ({}, {}),
        ({"subject": "me@shop.example"}, {"sub": "me@shop.example"}),
        ({"scope": "read", "claims": {"box_sub_type": "enterprise", "n": 1}}, {"scope": "read", "box_sub_type": "enterprise", "n": 1}),
        ({"claims": {"iss": "another", "exp": 1}}, {}),
    ],
)  # fmt: skip
def test_claims_are_signed_for_the_service_and_for_a_short_time(opened, service, changes, claims):
    get(opened("jwt_bearer", **changes), service)
    [(_, form)] = service.answer.asked
    assert form.keys() == {"grant_type", "assertion"}
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    signed = dict(judge.decode(form["assertion"], certs=key_pair().public, audience=f"{service.url}/token"))
    assert signed.pop("exp") - signed.pop("iat") == 130
    assert signed == {"iss": "okr", "aud": f"{service.url}/token", **claims}
    assert judge.decode_header(form["assertion"]) == {"alg": "RS256", "typ": "JWT"}


def test_a_key_that_has_a_name_is_named_and_another_audience_is_the_one_that_is_written(opened, service):
    with pytest.raises(AuthError, match="no token"):
        get(opened("jwt_bearer", key_id="k7", audience="https://login.salesforce.com", lifetime="3m"), service)
    [(_, form)] = service.answer.asked
    signed = judge.decode(form["assertion"], certs={"k7": key_pair().public}, audience="https://login.salesforce.com")
    assert signed["exp"] - signed["iat"] == 190


@pytest.mark.parametrize("subject", [None, "me@shop.example"])
def test_a_service_account_signs_what_google_s_own_library_signs(opened, service, subject):
    get(opened("google_service_account", subject=subject), service)
    [(_, form)] = service.answer.asked
    theirs = service_account.Credentials.from_service_account_info(
        json.loads(key_pair().key_file(f"{service.url}/token")), scopes=[SCOPE], subject=subject
    )._make_authorization_grant_assertion()
    ours, google_s = (judge.decode(it, certs=key_pair().public, audience=None) for it in (form["assertion"], theirs))
    # Google's library asks Google by its public name; the key file says where tokens are.
    assert {**google_s, "aud": f"{service.url}/token", "iat": 0, "exp": 0} == {**ours, "iat": 0, "exp": 0}
    assert judge.decode_header(form["assertion"]) == judge.decode_header(theirs)


@pytest.mark.parametrize("kind", ["jwt_bearer", "google_service_account"])
@pytest.mark.parametrize("absolute", [True, False])
def test_a_key_may_stand_in_a_file_of_the_project(opened, service, tmp_path, kind, absolute):
    given, file = {"jwt_bearer": ("private_key", "private_key_file"), "google_service_account": ("key", "key_file")}[
        kind
    ]
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text(kinds(service.url)[kind][given])
    path = str(tmp_path / "secret" / "key") if absolute else "secret/key"
    assert get(opened(kind, **{given: None, file: path}), service) == {"ok": True}


def test_a_key_whose_lines_were_joined_for_a_variable_is_one(opened, service):
    joined = key_pair().private.strip().replace("\n", "\\n")
    assert get(opened("jwt_bearer", private_key=joined), service) == {"ok": True}


def test_a_key_of_somebody_else_gets_no_token(opened, service):
    with pytest.raises(
        AuthError, match=r"POST .*/token: The server gives no token \(status 400, it says: .*invalid_grant"
    ):
        get(opened("jwt_bearer", private_key=key_pair("another").private), service)
    assert "verify" in service.answer.problem


# How long a token is used


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("life", "asked_again_after"), [(3600, 3541), (60, 31), ("3600", 3541), (None, 241)])
def test_a_token_is_renewed_before_it_ends(opened, service, kind, life, asked_again_after):
    service.answer.life, service.answer.skew = life, 4_000
    clock = FastClock()
    client = opened(kind, clock)
    get(client, service)
    clock.slept.append(asked_again_after - 5)
    get(client, service)
    assert service.answer.given == 1
    clock.slept.append(5)
    get(client, service)
    assert service.answer.given == 2
    assert "t0ken-2" in service.seen[-1].headers["authorization"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_that_is_refused_before_its_time_is_renewed_once(opened, service, kind):
    client = opened(kind)
    get(client, service)
    service.answer.refused = {"t0ken-1"}
    assert get(client, service) == {"ok": True}
    assert service.answer.given == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("refused", [set(), {"t0ken-1"}], ids=["good", "the first refused"])
def test_threads_renew_once_together(opened, service, kind, refused):
    service.answer.refused = refused
    client, together = opened(kind), threading.Barrier(16)

    def ask(number):
        together.wait()
        return get(client, service, f"/{number}")

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(16))) == [{"ok": True}] * 16
    assert service.answer.given == 1 + len(refused)


@pytest.mark.parametrize("kind", KINDS)
def test_where_every_token_is_refused_one_a_minute_is_asked_for(opened, service, kind):
    service.answer.refused = {f"t0ken-{number}" for number in range(100)}
    service.answer.skew = 100
    clock = FastClock()
    client = opened(kind, clock)
    for _ in range(20):
        with pytest.raises(AuthError, match="refuses the login"):
            get(client, service)
    assert service.answer.given == 2
    clock.slept.append(60)
    with pytest.raises(AuthError, match="refuses the login"):
        get(client, service)
    assert service.answer.given == 3


# Refresh tokens that are taken once


def test_a_refresh_token_that_is_given_in_place_of_another_is_kept_for_the_next_run(opened, service, tmp_path):
    service.answer.rotates = True
    for _ in range(3):
        assert get(opened("refresh_token"), service) == {"ok": True}
    assert [form["refresh_token"] for _, form in service.answer.asked] == [FIRST, "r3fresh-2", "r3fresh-3"]
    [kept] = (tmp_path / ".okr" / "logins").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert b"r3fresh-4" in kept.read_bytes()
    assert b"r3fresh-3" not in kept.read_bytes()


def test_a_refresh_token_that_stays_is_kept_nowhere(opened, service, tmp_path):
    for _ in range(3):
        get(opened("refresh_token"), service)
    assert [form["refresh_token"] for _, form in service.answer.asked] == [FIRST] * 3
    [kept] = (tmp_path / ".okr" / "logins").iterdir()
    assert FIRST.encode() not in kept.read_bytes()


def test_a_new_refresh_token_of_the_settings_comes_before_what_was_kept(opened, service):
    service.answer.rotates = True
    get(opened("refresh_token"), service)
    service.answer.current = "r3fresh-of-a-new-login"
    assert get(opened("refresh_token", refresh_token="r3fresh-of-a-new-login"), service) == {"ok": True}


def test_clients_that_renew_at_the_same_time_show_each_refresh_token_once(opened, service):
    service.answer.rotates = True
    clients, together = [opened("refresh_token") for _ in range(8)], threading.Barrier(8)

    def ask(client):
        together.wait()
        return get(client, service)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, clients)) == [{"ok": True}] * 8
    shown_ones = [form["refresh_token"] for _, form in service.answer.asked]
    assert len(set(shown_ones)) == len(shown_ones) == 8


def test_a_refresh_token_that_cannot_be_kept_is_not_shown(opened, service, tmp_path):
    """Shown and lost, it would end the login."""
    (tmp_path / ".okr").mkdir()
    (tmp_path / ".okr" / "logins").write_text("in the way")
    with pytest.raises(ConfigError, match=r"Refresh tokens cannot be kept in .*Let this program's user write there"):
        get(opened("refresh_token"), service)
    assert service.answer.asked == []


def test_a_refresh_token_that_ended_says_to_log_in_again(opened, service):
    service.answer.current = "another"
    with pytest.raises(AuthError, match="had anew by logging in to the service again") as caught:
        get(opened("refresh_token"), service)
    assert FIRST not in shown(caught.value)


# What goes wrong where tokens are given


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (json_reply({"error": "invalid_client"}, 400), AuthError, "invalid_client"),
        (json_reply({"error": "invalid_client"}, 401), AuthError, "invalid_client"),
        (json_reply({}, 404), ConfigError, "Correct token_url"),
        (json_reply({}, 405), ConfigError, "Correct token_url"),
        (json_reply({"access_token": "t0ken-9"}, 201), ContractError, "with status 201, not 200"),
        (json_reply({"token": "t0ken-9"}), ContractError, "holds no access_token"),
        (json_reply(["t0ken-9"]), ContractError, "holds no access_token"),
        (json_reply({"access_token": ""}), ContractError, "holds no access_token"),
        (reply(200, b"<html>t0ken-9</html>"), ContractError, "a web page"),
        (reply(302, b"", {"Location": "https://evil.example/t0ken-9"}), ConfigError, r"has moved to https://evil\.example\."),
        (json_reply({}, 503), TransientError, "does not answer now"),
        (json_reply({}, 429, {"Retry-After": "86400"}), QuotaExhausted, "can be asked again"),
    ],
)  # fmt: skip
def test_a_service_that_gives_no_token_is_told_by_what_to_do(opened, service, kind, answer, error, said):
    service.answer = lambda seen: answer
    with pytest.raises(error, match=said) as caught:
        get(opened(kind), service)
    assert type(caught.value) is error or issubclass(type(caught.value), TransientError)
    assert "t0ken-9" not in shown(caught.value)
    assert all(seen.path == "/token" for seen in service.seen)


@pytest.mark.parametrize("name", [name for name in FAULTS if "slow" not in name])
def test_every_fault_where_tokens_are_given_is_a_typed_error_and_the_refresh_token_stays(opened, service, name):
    good, fault = service.answer, FAULTS[name]
    service.answer = lambda seen: fault.make(b'{"access_token": "t0ken-9", "refresh_token": "r3fresh-9"}')
    with pytest.raises(ConnectorError) as caught:
        get(opened("refresh_token", caps={"max_bytes": 1_000_000}), service)
    assert not any(secret in shown(caught.value) for secret in (FIRST, SECRET, PAIR, "t0ken-9", "r3fresh-9"))
    assert {seen.path for seen in service.seen} == {"/token"}
    service.answer = good
    assert get(opened("refresh_token"), service) == {"ok": True}
    assert good.asked[0][1]["refresh_token"] == FIRST


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_is_not_asked_for_inside_the_network_unless_that_is_allowed(tmp_path, service, kind):
    url = service.url.replace("http:", "https:")
    auth = {kind: kinds(url)[kind]}
    client = HttpClient(HttpSettings(base_url="https://api.example", auth=auth), tmp_path, FastClock().clock())
    with pytest.raises(ConfigError, match=r"leads to 127\.0\.0\.1, an address inside the network"):
        client.send(HttpRequest("GET", "https://api.example/x"), HttpAnswer.json)
    assert service.seen == []
    client.close()


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        ("jwt_bearer", {"private_key": "s3cret-that-is-no-key"}, "no RSA key in PEM"),
        ("jwt_bearer", {"private_key": key_pair().public}, "no RSA key in PEM"),
        ("jwt_bearer", {"private_key": key_pair().private[:400]}, "no RSA key in PEM"),
        (
            "jwt_bearer",
            {"private_key": None, "private_key_file": "nowhere.pem"},
            r"key file .*nowhere\.pem .*No such file",
        ),
        (
            "google_service_account",
            {"key": "s3cret-that-is-no-json"},
            "key of google_service_account of auth of the source holds no JSON with client_email, token_uri, private_key",
        ),
        ("google_service_account", {"key": '["s3cret"]'}, "no JSON with client_email, token_uri, private_key"),
        ("google_service_account", {"key": '{"installed": {"client_secret": "s3cret"}}'}, "one for a user"),
        ("google_service_account", {"key": key_pair().key_file("http://u:s3cret@x")}, "token_uri .* a login inside"),
        (
            "google_service_account",
            {"key": key_pair().key_file("https://x", private_key="s3cret")},
            "no RSA key in PEM",
        ),
        ("google_service_account", {"key": None, "key_file": "."}, "Is a directory"),
    ],
)
def test_a_key_that_is_none_is_told_and_not_shown(opened, service, kind, changes, said):
    with pytest.raises(ConfigError, match=said) as caught:
        get(opened(kind, **changes), service)
    assert "s3cret" not in shown(caught.value)
    assert not any(line in shown(caught.value) for line in key_pair().private.splitlines()[1:-1])
    assert service.seen == []


def test_a_key_file_must_not_lead_to_where_everybody_reads_along(tmp_path):
    auth = {"google_service_account": {"key": key_pair().key_file("http://login.example/token"), "scopes": [SCOPE]}}
    client = HttpClient(HttpSettings(base_url="https://api.example", auth=auth), tmp_path, FastClock().clock())
    with pytest.raises(ConfigError, match=r"token_uri .*without https everybody on the way reads along"):
        client.send(HttpRequest("GET", "https://api.example/x"), HttpAnswer.json)
    client.close()


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ({"bearer": "a", "refresh_token": {"token_url": "https://x.example", "client_id": "a", "refresh_token": "b"}}, "logs in one way: api_key"),
        ({"refresh_token": {"token_url": "http://x.example", "client_id": "a", "refresh_token": "b"}}, "without https"),
        ({"jwt_bearer": {"token_url": "http://x.example", "issuer": "a", "private_key": "b"}}, "without https"),
        ({"jwt_bearer": {"token_url": "https://x.example", "issuer": "a"}}, "either private_key or private_key_file"),
        ({"jwt_bearer": {"token_url": "https://x.example", "issuer": "a", "private_key": "b", "private_key_file": "c"}}, "either private_key or"),
        ({"google_service_account": {"scopes": ["a"]}}, "either key or key_file"),
        ({"google_service_account": {"key": "a", "scopes": []}}, "at least 1 item"),
    ],
)  # fmt: skip
def test_logins_that_are_no_one_way_are_refused_before_anything_is_asked(auth, said):
    with pytest.raises(ValidationError, match=said):
        HttpSettings(base_url="https://api.example", auth=auth)


# What nobody may see


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", ["/token", "/x"])
def test_a_server_that_says_everything_back_gives_nothing_away(opened, service, kind, at):
    service_s = service.answer

    def answer(seen):
        if seen.path != at:
            return service_s(seen)
        form = dict(parse_qsl(seen.body.decode()))
        return json_reply({"raw": seen.body.decode(), "form": form, "headers": dict(seen.headers)}, 400)

    service.answer = answer
    with pytest.raises((AuthError, ConfigError)) as caught:
        get(opened(kind), service)
    sent = "".join(f"{seen.headers.get('authorization', '')} {seen.body.decode()}" for seen in service.seen)
    said = shown(caught.value)
    assert "it says:" in said
    for secret in ("t0ken-1", FIRST, SECRET, PAIR, "s3cret%2Fof", *_parts_of_assertion(sent)):
        assert secret not in said


def _parts_of_assertion(sent):
    """The beginning of one would do, if a message is cut inside of it."""
    return [sent.partition("assertion=")[2][:40]] if "assertion=" in sent else []


@pytest.mark.parametrize("kind", KINDS)
def test_no_log_holds_a_token_however_much_is_logged(opened, service, kind, caplog):
    with caplog.at_level(logging.DEBUG):
        get(opened(kind), service)
    assert "httpcore" in {record.name.partition(".")[0] for record in caplog.records}
    for secret in ("t0ken", FIRST, SECRET, PAIR, "assertion", "eyJ"):
        assert secret not in caplog.text
