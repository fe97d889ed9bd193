"""What the client does that no fault of a server shows: addresses, redirects, budgets, and its own secrets."""

import logging
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.errors import ConfigError, ConnectorError, ContractError, QuotaExhausted, TransientError
from connectors.http.client import HttpClient
from connectors.http.meanings import Busy, refuse
from connectors.http.network import is_public
from connectors.http.requests import HttpAnswer, HttpRequest
from connectors.http.settings import HttpSettings
from okr_pipeline_tests.connectors.http.server import Reply, Server, head, json_reply, reply
from okr_pipeline_tests.connectors.http.survival import FastClock


@pytest.fixture
def server():
    with Server(lambda seen: json_reply([seen.target])) as running:
        yield running


@pytest.fixture
def opened(tmp_path, server):
    """Clients of the server with some settings; all are closed at the end."""
    made: list[HttpClient] = []

    def opening(clock=None, resolve=None, **settings):
        given = {"base_url": server.url, "allow_private_hosts": True, **settings}
        more = {} if resolve is None else {"resolve": resolve}
        made.append(HttpClient(HttpSettings(**given), tmp_path, (clock or FastClock()).clock(), **more))
        return made[-1]

    yield opening
    for client in made:
        client.close()


def get(client, url, **more):
    return client.send(HttpRequest("GET", url, **more), HttpAnswer.json)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False),
        ("192.168.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),
        ("255.255.255.255", False), ("::1", False), ("::", False), ("fe80::1%eth0", False), ("fc00::1", False), ("fd00:ec2::254", False),
        ("::ffff:127.0.0.1", False), ("::ffff:93.184.216.34", True), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False),
    ],
)  # fmt: skip
def test_addresses_inside_the_network_are_told_from_public_ones(address, public):
    assert is_public(address) is public


def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(opened, server):
    client = opened(
        base_url="https://api.example",
        allow_private_hosts=False,
        resolve=lambda host, port: ["93.184.216.34", "127.0.0.1"],
    )
    with pytest.raises(ConfigError, match=r"api\.example leads to 127\.0\.0\.1, an address inside the network"):
        get(client, f"http://api.example:{server.port}/x")
    assert server.seen == []


def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(opened, server):
    asked = []

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"]

    assert get(opened(resolve=resolve), f"http://api.example:{server.port}/x") == ["/x"]
    assert asked == ["api.example"]
    assert server.seen[0].headers["host"] == f"api.example:{server.port}"


def test_a_host_that_is_not_found_may_be_found_later(opened):
    def resolve(host, port):
        raise OSError(-2, "Name or service not known")

    with pytest.raises(
        TransientError, match=r"cannot be reached: api\.example is not found: Name or service not known"
    ):
        get(opened(resolve=resolve), "http://api.example/x")


def test_the_next_address_of_a_host_is_tried_where_one_does_not_answer(opened, server):
    client = opened(resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"])
    assert get(client, f"http://api.example:{server.port}/x") == ["/x"]


@pytest.mark.parametrize(
    ("place", "target"),
    [("/b?x=1", "/b?x=1"), ("?x=1", "/a?x=1"), ("b", "/b"), ("{url}/b", "/b"), ("//{host}/b", "/b")],
)
def test_redirects_on_the_same_server_are_followed_with_the_login(opened, server, place, target):
    place = place.replace("{url}", server.url).replace("{host}", server.url.removeprefix("http://"))
    server.answer = lambda seen: (
        reply(302, b"", {"Location": place}) if len(server.seen) == 1 else json_reply([seen.target])
    )
    client = opened(auth={"bearer": "s3cret"})
    assert get(client, f"{server.url}/a") == [target]
    assert {seen.headers["authorization"] for seen in server.seen} == {"Bearer s3cret"}


@pytest.mark.parametrize(
    "place",
    ["http://evil.example/", "//evil.example/", "https://127.0.0.1/", "http://127.0.0.1/", "http://localhost:{port}/", "http://u:p@127.0.0.1:{port}/",
     "http://127.0.0.1:{port}.evil.example/", "http://[::1", "http://127.0.0.1:99999/", "ftp://127.0.0.1:{port}/", "file:///etc/passwd", "javascript:1"],
)  # fmt: skip
def test_redirects_to_any_other_place_are_not(opened, server, place):
    server.answer = lambda seen: reply(307, b"", {"Location": place.replace("{port}", str(server.port))})
    with pytest.raises(ContractError, match=r"a login is not carried|no address"):
        get(opened(auth={"bearer": "s3cret"}), f"{server.url}/a")
    assert len(server.seen) == 1


def test_a_post_is_not_redirected(opened, server):
    server.answer = lambda seen: reply(307, b"", {"Location": "/b"})
    with pytest.raises(ConfigError, match="has moved"):
        opened().send(HttpRequest("POST", f"{server.url}/a", body=b"{}"), HttpAnswer.json)


def test_what_is_not_safe_to_ask_twice_is_asked_once(opened, server):
    server.answer = lambda seen: reply(503, b"", {"Retry-After": "1"})
    with pytest.raises(QuotaExhausted):
        get(opened(), f"{server.url}/a", safe_to_retry=False)
    server.answer = lambda seen: reply(500)
    with pytest.raises(TransientError):
        get(opened(), f"{server.url}/a", safe_to_retry=False)
    assert len(server.seen) == 2


def test_pauses_grow_and_end_with_the_attempts(opened, server):
    server.answer = lambda seen: reply(500)
    clock = FastClock()
    with pytest.raises(TransientError):
        get(opened(clock, attempts=7), f"{server.url}/a")
    assert clock.slept == [0.5, 1, 2, 4, 8, 15]
    assert len(server.seen) == 7


def test_pauses_end_with_the_patience(opened, server):
    server.answer = lambda seen: reply(500)
    clock = FastClock()
    with pytest.raises(TransientError):
        get(opened(clock, attempts=20, patience="10s"), f"{server.url}/a")
    assert sum(clock.slept) <= 10


def test_a_wait_that_one_thread_is_told_holds_for_all(opened, server):
    server.answer = lambda seen: reply(429, b"", {"Retry-After": "600"}) if len(server.seen) == 1 else json_reply([])
    client = opened()
    for _ in range(5):
        with pytest.raises(QuotaExhausted, match="can be asked again at"):
            get(client, f"{server.url}/a")
    assert len(server.seen) == 1


@pytest.mark.parametrize("secret", ["s3cret\n", "s3\r\ncret", "s3cret\0"])
def test_a_secret_that_is_no_header_is_not_shown(opened, server, secret):
    with pytest.raises(ConfigError, match="header or an address that HTTP does not allow") as caught:
        get(opened(auth={"bearer": secret}), f"{server.url}/a")
    assert "s3" not in f"{caught.value!r} {caught.value.__cause__}"
    assert server.seen == []


@pytest.mark.parametrize("settings", [{"bearer": "“s3cret”"}, {"api_key": {"header": "X-Key", "key": "s3crèt"}}])
def test_a_secret_with_letters_that_no_header_has_is_not_shown(opened, server, settings):
    with pytest.raises(
        ConfigError, match=r"The header (Authorization|X-Key) holds a letter that is not ASCII"
    ) as caught:
        get(opened(auth=settings), f"{server.url}/a")
    told = f"{caught.value!r} {caught.value.__cause__} {caught.value.__context__}"
    assert "s3" not in told
    assert server.seen == []


@pytest.mark.parametrize(
    "address", ["https://wrong shop.example", "https://https://shop.example", "https://shop.example:"]
)
def test_an_address_with_no_host_where_one_belongs_is_refused(address):
    with pytest.raises(ValidationError, match="its host is none"):
        HttpSettings(base_url=address)


def test_odd_letters_of_an_address_arrive_as_they_were_meant(opened, server):
    get(opened(), f"{server.url}/ü b/%2F", params=(("q", "a&b=ü+ %"),))
    assert server.seen[0].path == "/ü b//"
    assert server.seen[0].params == {"q": "a&b=ü+ %"}


def test_connections_are_used_again(opened, server):
    client, ports = opened(concurrency=4), set()
    server.answer = lambda seen: json_reply([])
    served, plain = server._serve, []

    def counted(connection):
        ports.add(connection.getpeername())
        served(connection)

    server._serve = counted
    with ThreadPoolExecutor(8) as pool:
        plain += pool.map(lambda number: get(client, f"{server.url}/{number}"), range(100))
    assert len(plain) == 100
    assert len(ports) <= 4


@pytest.mark.parametrize(
    "broken",
    [
        Reply([head(200, {"Content-Length": "9"}), b"cut"], closes=True),
        Reply([b"no HTTP at all\r\n\r\n"], closes=True),
        reply(200, b"[" + b"1," * 600 + b"1]"),
        reply(503, b"later"),
    ],
    ids=["cut short", "no answer", "too large", "busy"],
)
def test_a_connection_is_free_again_whatever_became_of_the_request(opened, server, broken):
    client = opened(concurrency=1, attempts=1, max_bytes=1_000)
    server.answer = lambda seen: broken if seen.target == "/broken" else json_reply([])
    with pytest.raises(ConnectorError):
        get(client, f"{server.url}/broken")
    assert get(client, f"{server.url}/whole") == []


def test_no_log_holds_a_secret_however_much_is_logged(opened, server, caplog):
    server.answer = lambda seen: json_reply([seen.target], headers={"X-Seen": seen.headers.get("authorization", "")})
    with caplog.at_level(logging.DEBUG):
        get(opened(auth={"api_key": {"key": "s3cret", "query": "key"}}), f"{server.url}/a")
        get(opened(auth={"bearer": "t0ken"}), f"{server.url}/a")
        with pytest.raises(ConfigError):
            get(opened(auth={"bearer": "w0rd\n"}), f"{server.url}/a")
    assert len(server.seen) == 2
    assert "receive_response_body" in caplog.text
    assert "httpcore" in {record.name.partition(".")[0] for record in caplog.records}
    assert not any(secret in caplog.text for secret in ("s3cret", "t0ken", "w0rd", "X-Seen"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """One that nobody trusts: file names of it and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    directory = tmp_path_factory.mktemp("certificate")
    (directory / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (directory / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return directory / "cert.pem", directory / "key.pem"


@pytest.fixture
def encrypted(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with Server(lambda seen: json_reply([seen.target]), tls=context) as running:
        yield running


def test_a_server_that_cannot_prove_its_name_is_told_nothing(opened, encrypted):
    with pytest.raises(ConfigError, match="does not prove that it is the one: self-signed certificate"):
        get(opened(base_url=encrypted.url), f"{encrypted.url}/a")
    assert encrypted.seen == []


def test_an_authority_of_ones_own_can_be_trusted(opened, encrypted, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    client = opened(base_url=encrypted.url)
    assert [get(client, f"{encrypted.url}/{number}") for number in range(2)] == [["/0"], ["/1"]]


def test_a_name_that_the_certificate_does_not_have_is_refused(opened, encrypted, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    client = opened(base_url=encrypted.url, resolve=lambda host, port: ["127.0.0.1"])
    with pytest.raises(ConfigError, match="does not prove that it is the one"):
        get(client, f"https://api.example:{encrypted.port}/a")


def test_a_closed_client_answers_nothing(opened, server):
    client = opened()
    client.close()
    with pytest.raises(TransientError, match="cancelled"):
        get(client, f"{server.url}/a")


def test_a_wait_is_left_at_once(tmp_path, server):
    """With the clock that everybody has: the wait would be a minute."""
    server.answer = lambda seen: reply(429, b"", {"Retry-After": "60"})
    client = HttpClient(HttpSettings(base_url=server.url, allow_private_hosts=True), tmp_path)
    failed: list[Exception] = []

    def ask():
        try:
            get(client, f"{server.url}/a")
        except TransientError as error:
            failed.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    while not server.seen:
        thread.join(0.01)
    client.close()
    thread.join(10)
    assert not thread.is_alive()
    assert "cancelled" in str(failed[0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"base_url": "http://api.example"}, "without https"),
        ({"base_url": "api.example"}, "begins with https"),
        ({"base_url": "ftp://api.example"}, "begins with https"),
        ({"base_url": "https://"}, "begins with https"),
        ({"base_url": "https://u:p@api.example"}, "login inside an address"),
        ({"base_url": "https://api.example?a=1"}, "ends before"),
        ({"base_url": "https://bücher.example"}, "in ASCII"),
        ({"auth": {}}, "in one way"),
        ({"auth": {"bearer": "a", "basic": {"username": "b"}}}, "in one way"),
        ({"auth": {"api_key": {"key": "a"}}}, "either header or query"),
        (
            {
                "auth": {
                    "client_credentials": {"token_url": "http://login.example", "client_id": "a", "client_secret": "b"}
                }
            },
            "without https",
        ),
    ],
)
def test_settings_that_would_give_something_away_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        HttpSettings(**{"base_url": "https://api.example", **settings})


def test_budgets_are_kept_where_the_project_keeps_its_state(opened, server, tmp_path):
    client = opened(rate_limit={"requests": 2, "per": "1h"})
    assert [get(client, f"{server.url}/{number}") for number in range(2)] == [["/0"], ["/1"]]
    with pytest.raises(QuotaExhausted, match=r"rate_limit of the source is used up\. It can be asked again at"):
        get(client, f"{server.url}/2")
    with pytest.raises(QuotaExhausted):
        get(opened(rate_limit={"requests": 2, "per": "1h"}), f"{server.url}/3")
    assert len(server.seen) == 2
    assert (Path(tmp_path) / "http-budgets.db").exists()


def test_an_api_may_be_busy_in_words_of_its_own(opened, server):
    """As those are that answer 200 with an error inside: it is waited for, and asked again."""

    def judge(answer, now):
        refuse(answer, now)
        if len(server.seen) == 1:
            raise Busy("It is busy.", timedelta(seconds=90))

    clock = FastClock()
    client = opened(clock)
    assert client.send(HttpRequest("GET", f"{server.url}/x"), HttpAnswer.json, judge) == ["/x"]
    assert (len(server.seen), clock.slept) == (2, [90.0])
