"""An API that says back whatever it is told, in every place where an answer can say something."""

from base64 import b64decode
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
        return answers.get(seen.path) or reply(400, said.encode(), headers)


def _told(seen: Seen) -> str:
    """The login alone, as it was meant."""
    form = dict(parse_qsl(seen.body.decode()))
    kind, _, value = seen.headers.get("authorization", "").partition(" ")
    if kind == "Basic":
        value = b64decode(value).decode().partition(":")[2]
    given = (seen.headers.get("x-api-key"), seen.params.get("api_key"), value, form.get("assertion"))
    more = (form.get("refresh_token"), form.get("client_secret"))
    return " ".join(filter(None, (*given, *more)))
