"""Judges that need a word before they are started; run by the Python of the judges alone, each as a factory of uvicorn.

Belongs here: what a stand-in leaves out of a service's answers. Does not: starting it (judges).
"""

import json


def snowflake():
    """fakesnow, whose login leaves out what Snowflake's answers have and its newer connector wants."""
    from fakesnow.server import app

    async def completed(scope, receive, send):
        if scope.get("path") != "/session/v1/login-request":
            await app(scope, receive, send)
            return
        begun = {}

        async def sent(message):
            if message["type"] == "http.response.start":
                begun.update(message)
                return
            body = json.dumps(_completed(json.loads(message["body"]))).encode()
            headers = [(name, value) for name, value in begun["headers"] if name != b"content-length"]
            await send({**begun, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
            await send({**message, "body": body})

        await app(scope, receive, sent)

    return completed


def _completed(answer):
    if answer.get("data"):
        told = {"masterToken": answer["data"].get("token"), "sessionId": 1}
        answer["data"] = {**told, "validityInSeconds": 3_600, "masterValidityInSeconds": 14_400, **answer["data"]}
    return answer
