"""No way of writing a secret is shown, nor the beginning of one where a text was cut."""

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.hiding import hidden
from connectors.http.requests import shown

SHAPES = {
    "as it is": str,
    "in an address": quote,
    "in an address, all": lambda text: quote(text, safe=""),
    "in an address, small letters": lambda text: re.sub("%..", lambda match: match[0].lower(), quote(text, safe="")),
    "in a form": quote_plus,
    "in an address, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "in JSON with its letters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "in a page": html.escape,
    "in Python": lambda text: repr(text)[1:-1],
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in base64 of addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
}
SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=6, max_size=40)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("secret", ["hunter2/+ü", "quotes\"and'\\", "<b>&amp;", "50%of?a=b&c", "key-of-letters"])
def test_a_secret_is_hidden_in_every_shape(shape, secret):
    written = SHAPES[shape](secret)
    assert hidden(f"before {written} after", [secret]) == "before *** after"


@given(SECRETS, st.integers(0, 190))
def test_no_beginning_of_a_secret_is_left_where_a_text_is_cut(secret, before):
    said = hidden(shown("." * before + secret + "," * 300), [secret])
    assert not any(secret[:length] in said for length in range(4, len(secret) + 1))


@given(SECRETS, st.text(max_size=80))
def test_what_holds_no_secret_stays(secret, text):
    others = text.replace("…", "")
    if not any(shape(secret) in others for shape in SHAPES.values()):
        assert hidden(others, [secret]) == others


def test_every_line_of_a_private_key_is_hidden():
    key = (
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nBAQEFAASCBKcwggSjAgEAAoIBAQ\n-----END PRIVATE KEY-----\n"
    )
    assert hidden("it holds MIIEvQIBADANBgkqhkiG9w0 and more", [key]) == "it holds *** and more"


@pytest.mark.parametrize("nothing", ["", " ", "\n"])
def test_a_secret_of_nothing_hides_nothing(nothing):
    assert hidden("a b\nc", [nothing]) == "a b\nc"
