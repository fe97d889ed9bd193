"""Projects in which every place where people keep secrets holds one.

Belongs here: configuration, environment, files. Does not: the secrets themselves (canaries).
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from okr_pipeline_tests.secrets import drivers
from okr_pipeline_tests.secrets.canaries import CANARIES, encoded

PROJECT = """\
name: Small
timezone: Europe/Berlin
as_of: 2026-01-31
history_starts: 2026-01-01
store: ${OKR_STORE_URL:-sqlite:///.okr/okr.db}
"""
METRIC = "grain: day, unit: count, better: higher, rollup: sum"
OKRS = """\
cycle: {id: 2026-Q1, starts: 2026-01-01, ends: 2026-03-31}
objectives:
  grow:
    title: Grow
    owner: ceo@small.example
    level: company
    intent: committed
    key_results:
"""
RESULT = (
    "      {id}: {{title: Reach it, owner: a@small.example, metric: {metric}, measure: {{accumulate: {{to: 900}}}}}}\n"
)
REFUSED_LOGINS = [
    name
    for name in CANARIES
    if name.startswith("refused login") and "," in name and "query" not in name and "part" not in name
]
API_METRICS = {
    "error": "path: /error",
    "redirect": "path: /redirect",
    "keys": "path: /keys",
    "period": "path: /period",
    "value": "path: /value",
    "page": "path: /page",
}
"""What is asked of an API that says everything back, each time in another place."""

MANNERS = ("crash", "error", "evidence", "log", "caution", "opening", "warning")


def id_of(name: str) -> str:
    """A canary's name as the id of a source or a variable."""
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def addresses(port: int) -> dict[str, str]:
    """The address of each source by its variable. On the port answers a server that refuses everybody, loudly."""
    server = f"127.0.0.1:{port}/okr"
    logins = {
        id_of(name): f"postgresql://okr:{encoded(CANARIES[name])}@{server}"
        for name in ("refused login", *REFUSED_LOGINS)
    }
    return logins | {
        "closed_port": f"postgresql://okr:{encoded(CANARIES['closed port'])}@127.0.0.1:1/okr",
        "in_the_query": f"postgresql://{server}?user=okr&password={encoded(CANARIES['refused login, in the query'])}",
        "passfile": "postgresql://okr@127.0.0.1:1/okr",
        "certificate": f"postgresql://okr:x@{server}?sslmode=prefer&sslkey=/nowhere/key.pem&sslpassword={CANARIES['key of a certificate']}",
        "unknown_kind": f"oracle://okr:{CANARIES['unknown kind']}@{server}",
        "sqlite": f"sqlite:///nowhere.db?password={CANARIES['file of SQLite']}",
        "duckdb": f"duckdb:///nowhere.duckdb?motherduck_token={CANARIES['file of DuckDB']}",
    }


def apis() -> dict[str, str]:
    """How each source over an API logs in, in YAML. `ECHO_URL` is where a server says everything back."""
    client = "token_url: '${ECHO_URL}/token', client_id: okr, client_secret: '${API_CLIENT}'"
    google = "scopes: [https://www.googleapis.com/auth/analytics.readonly]"
    return {
        "api_bearer": "{bearer: '${API_BEARER}'}",
        "api_header": "{api_key: {key: '${API_HEADER}', header: X-Api-Key}}",
        "api_query": "{api_key: {key: '${API_QUERY}', query: api_key}}",
        "api_basic": "{basic: {username: okr, password: '${API_BASIC}'}}",
        "api_client": f"{{client_credentials: {{{client}}}}}",
        "api_refresh": f"{{refresh_token: {{{client}, refresh_token: '${{API_REFRESH}}', client_login: body}}}}",
        "api_jwt": "{jwt_bearer: {token_url: '${ECHO_URL}/token', issuer: okr, private_key: '${API_JWT}'}}",
        "api_google": f"{{google_service_account: {{key: '${{API_GOOGLE}}', {google}}}}}",
        "api_refused": f"{{refresh_token: {{{client.replace('/token', '/error')}, refresh_token: '${{API_REFRESH}}'}}}}",
    }


def environment(port: int) -> dict[str, str]:
    """All variables that the projects use."""
    variables = {name.upper(): address for name, address in addresses(port).items()}
    variables |= {f"RUDE_{manner.upper()}": CANARIES[manner] for manner in MANNERS}
    api = ("api bearer", "api header", "api query", "api basic", "api client", "api refresh")
    variables |= {id_of(name).upper(): CANARIES[name] for name in api}
    return variables | {
        "RUDE_NESTED": CANARIES["nested"],
        "PART": CANARIES["refused login, part of a variable"],
        "API_TOKEN": CANARIES["environment"],
    }


def plant(directory: Path, port: int, only: Collection[str] | None = None) -> None:
    """A project of many sources, of which few can be read; `only` leaves out others of them."""
    sources = ["sources:", "  sheets: {connector: files, path: data/}"]
    metrics = ["metrics:", f"  signups: {{source: sheets, file: signups.csv, {METRIC}}}"]
    results = [RESULT.format(id="signups", metric="signups")]
    for name in addresses(port):
        if only is not None and name not in only:
            continue
        sources.append(f"  {name}: {{connector: sql, url: '${{{name.upper()}}}'}}")
        metrics += _two_metrics(name)
        results.append(RESULT.format(id=name.replace("_", "-"), metric=name))
    for name, auth in apis().items():
        if only is None or name in only:
            sources.append(
                f"  {name}: {{connector: rest, base_url: '${{ECHO_URL}}', allow_private_hosts: true, auth: {auth}, rate_limit: {{requests: 900, per: 1m}}}}"
            )
            metrics += [f"  {name}_{kind}: {{source: {name}, {keys}, {METRIC}}}" for kind, keys in API_METRICS.items()]
            results.append(RESULT.format(id=name.replace("_", "-"), metric=f"{name}_value"))
    for name, source in drivers.sources().items():
        if only is None or name in only:
            sources.append(f"  {name}: {source}")
            metrics += _two_metrics(name) if name in drivers.WAREHOUSES else _of_files(name)
            results.append(RESULT.format(id=name.replace("_", "-"), metric=name))
    sources.append(f"  part: {{connector: sql, url: 'postgresql://okr:${{PART}}@127.0.0.1:{port}/okr'}}")
    metrics += _two_metrics("part")
    for manner in MANNERS:
        if manner != "crash" and (only is None or f"rude_{manner}" in only):
            sources.append(
                f"  rude_{manner}: {{connector: rude, token: '${{RUDE_{manner.upper()}}}', manner: {manner}}}"
            )
            metrics.append(f"  rude_{manner}: {{source: rude_{manner}, {METRIC}}}")
            results.append(RESULT.format(id=f"rude-{manner}", metric=f"rude_{manner}"))
    sources.append(
        "  rude_nested: {connector: rude, token: '${API_TOKEN}', more: {key: '${RUDE_NESTED}'}, manner: nested}"
    )
    metrics.append(f"  rude_nested: {{source: rude_nested, {METRIC}}}")
    write(directory, {
        "config/project.yaml": PROJECT,
        "config/sources/all.yaml": "\n".join(sources) + "\n",
        "config/metrics/all.yaml": "\n".join(metrics) + "\n",
        "config/okrs/q1.yaml": OKRS + "".join(results),
        "config/data/signups.csv": "period,value\n" + "".join(f"2026-01-{day:02},10\n" for day in range(1, 32)),
        ".env": f"API_TOKEN={CANARIES['environment']}\n",
        ".pgpass": f"127.0.0.1:*:*:okr:{CANARIES['passfile']}\n",
        drivers.SNOWFLAKE_KEY: drivers.malformed_pem("snowflake"),
    })  # fmt: skip
    (directory / ".pgpass").chmod(0o600)


def plant_crash(directory: Path) -> None:
    """A project whose one connector breaks down with the secret in its hands."""
    write(directory, {
        "config/project.yaml": PROJECT,
        "config/sources/all.yaml": "sources:\n  rude: {connector: rude, token: '${RUDE_CRASH}', manner: crash}\n",
        "config/metrics/all.yaml": f"metrics:\n  rude: {{source: rude, {METRIC}}}\n",
        "config/okrs/q1.yaml": OKRS + RESULT.format(id="rude", metric="rude"),
    })  # fmt: skip


def mistakes() -> Mapping[str, Mapping[str, str]]:
    """Sources that are refused, each as its YAML (`source`) and the variable `BAD`."""
    sql = {"source": "{connector: sql, url: '${BAD}'}"}
    files = {"source": "{connector: files, path: '${BAD}'}"}
    return {
        "share": {**files, "BAD": f"smb://okr:{CANARIES['path of a share']}@server/share"},
        "signed": {**files, "BAD": f"https://files.example/okr?token={CANARIES['path with a token']}"},
        "unencoded": {**sql, "BAD": f"postgresql://okr:{CANARIES['unencoded']}@db/okr"},
        "in place of a port": {**sql, "BAD": f"postgresql://okr@db:{CANARIES['in place of a port']}/okr"},
        "no address": {**sql, "BAD": CANARIES["no address"]},
        "in clear": {"source": f"{{connector: sql, url: 'postgresql://okr:{CANARIES['in clear']}@db/okr'}}"},
        "option of a warehouse": {
            **sql,
            "BAD": f"snowflake://okr@shop/db?oauth_client_secret={CANARIES['option of a warehouse']}",
        },
        "wrong type": {
            "source": "{connector: sql, url: 'sqlite:///a.db', max_rows: '${BAD}'}",
            "BAD": CANARIES["wrong type"],
        },
        "wrong kind of value": {"source": f"{{connector: sql, url: [{CANARIES['wrong type']}]}}"},
        "unknown key": {"source": f"{{connector: sql, url: 'sqlite:///a.db', urls: '{CANARIES['unknown key']}'}}"},
        "not YAML": {"source": f"{{connector: sql, url: !{CANARIES['not YAML']}}}"},
        "not YAML at all": {"source": f"'{CANARIES['not YAML']}"},
    }


def stores(port: int) -> Mapping[str, str]:
    """Addresses of stores that cannot be used."""
    server = f"127.0.0.1:{port}/okr"
    return {
        "closed": f"postgresql://okr:{CANARIES['store closed']}@127.0.0.1:1/okr",
        "refused": f"postgresql://okr:{encoded(CANARIES['store refused'])}@{server}",
        "in the query": f"postgresql://{server}?user=okr&password={CANARIES['store in the query']}",
        "unencoded": f"postgresql://okr:{CANARIES['store refused']}@{server}",
        "no port": f"postgresql://okr:x@127.0.0.1:{CANARIES['in place of a port']}/okr",
        "unknown kind": f"oracle://okr:{CANARIES['unknown kind']}@{server}",
        "no address": CANARIES["no address"],
    }


def write(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _of_files(name: str) -> list[str]:
    return [f"  {name}: {{source: {name}, file: signups.csv, {METRIC}}}"]


def _two_metrics(name: str) -> list[str]:
    """One to read, and one that is refused without asking, so that the run does not wait for the source to come back."""
    return [
        f"  {name}: {{source: {name}, query: 'SELECT period, value FROM sales', {METRIC}}}",
        f"  {name}_refused: {{source: {name}, query: 'DROP TABLE sales', {METRIC}}}",
    ]
