"""How long a server asks to be left alone, in every form that is in use."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.http.waits import asked_wait

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
EPOCH = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": "1.2"}, 2),
        ({"retry-after": "Thu, 01 Jan 2026 12:05:00 GMT"}, 300),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "Thu, 01 Jan 2026 12:05:00 GMT", "date": "Thu, 01 Jan 2026 12:04:00 GMT"}, 60),
        ({"retry-after": "2026-01-01T13:00:00+01:00"}, 0),
        ({"retry-after": "2026-01-01T12:00:30Z"}, 30),
        ({"x-ratelimit-reset": str(EPOCH + 90)}, 90),
        ({"x-ratelimit-reset": str((EPOCH + 90) * 1_000)}, 90),
        ({"x-ratelimit-reset": f"{EPOCH + 90}.25"}, 91),
        ({"x-ratelimit-reset": str(EPOCH + 90), "date": "Thu, 01 Jan 2026 12:01:00 GMT"}, 30),
        ({"x-rate-limit-reset": "2026-01-01T12:01:00Z"}, 60),
        ({"ratelimit-reset": "45"}, 45),
        ({"retry-after": "5", "ratelimit-reset": "45"}, 5),
        ({"retry-after": "5", "ratelimit-reset": "45", "ratelimit-remaining": "0"}, 45),
        ({"retry-after": "50", "ratelimit-reset": "45", "ratelimit-remaining": "0"}, 50),
        ({"ratelimit": '"daily";r=0;t=45'}, 45),
        ({"ratelimit": '"daily";r=5;t=45'}, None),
        ({"ratelimit": '"daily";r=0;t=99999999999'}, None),
        ({"retry-after": "5", "ratelimit": '"minute";r=0;t=30, "daily";r=0;t=45'}, 45),
        ({"retry-after": "soon", "ratelimit-reset": "45"}, 45),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "999999999"}, None),
        ({"retry-after": "Thu, 99 Foo 9999"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "٣"}, None),
    ],
)
def test_a_wait_is_read_in_every_form_and_never_shortened(headers, seconds):
    wait = asked_wait(headers, NOW)
    assert wait == (None if seconds is None else timedelta(seconds=seconds))
