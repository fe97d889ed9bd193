"""What is left of a server's budgets, in every form that is in use."""

import pytest

from connectors.http.quotas import Left, is_exhausted, quotas


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({}, []),
        ({"x-ratelimit-remaining": " 4999 "}, [Left("requests", 4999)]),
        ({"x-ratelimit-remaining": "27", "x-ratelimit-resource": "search"}, [Left("search", 27)]),
        ({"ratelimit-remaining": "0"}, [Left("requests", 0)]),
        ({"x-rate-limit-remaining": "3"}, [Left("requests", 3)]),
        ({"x-hubspot-ratelimit-daily-remaining": "249900"}, [Left("hubspot daily", 249900)]),
        ({"x-ratelimit-remaining-minute": "59"}, [Left("minute", 59)]),
        ({"x-ratelimit-remaining": "many"}, []),
        ({"x-ratelimit-remaining": "-1"}, []),
        ({"x-ratelimit-remaining": "9" * 400}, []),
        ({"x-ratelimit-limit": "60"}, []),
        ({"ratelimit-remaining" + "-x" * 40_000: "5"}, []),
        ({"ratelimit": '"default";r=50;t=30'}, [Left("default", 50, 30)]),
        ({"ratelimit": '"minute"; r=4, "daily" ;t=3600;r=0;pk=:AAo=:'}, [Left("minute", 4), Left("daily", 0, 3600)]),
        ({"ratelimit": '"";r=7'}, [Left("requests", 7)]),
        ({"ratelimit": '"daily";t=30'}, []),
        ({"ratelimit": "limit=100, remaining=40, reset=20"}, [Left("requests", 40, 20)]),
        ({"ratelimit": '"a;r=1'}, [Left("requests", 1)]),
        ({"ratelimit": '"line\nbreak\x1b[2J";r=1'}, [Left("line break [2J", 1)]),
        ({"ratelimit": '"' * 60_000}, []),
    ],
)  # fmt: skip
def test_what_is_left_is_read_in_every_form(headers, left):
    assert list(quotas(headers)) == left
    assert is_exhausted(headers) is any(it.remaining == 0 for it in left)
