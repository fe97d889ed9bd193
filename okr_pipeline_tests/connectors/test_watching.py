"""Calls are stopped at their deadline or when they are cancelled, and only then."""

import threading
from datetime import timedelta

import pytest

from connectors.errors import TransientError
from connectors.watching import Watch

LONG, SHORT, AT_ONCE = timedelta(minutes=10), timedelta(milliseconds=1), timedelta(0)


class Call:
    """Blocks until it is told to stop for the `deaf`-th time and one."""

    def __init__(self, deaf: int = 0) -> None:
        self.told, self.deaf, self.over = 0, deaf, threading.Event()

    def stop(self) -> None:
        self.told += 1
        if self.told > self.deaf:
            self.over.set()

    def run(self, watch: Watch, grace: timedelta = AT_ONCE) -> bool:
        with watch.over(self.stop, grace):
            return self.over.wait(30)


def test_a_call_is_stopped_at_its_deadline():
    with Watch(SHORT) as watch:
        assert Call().run(watch)


def test_one_that_does_not_hear_is_told_again():
    call = Call(deaf=2)
    with Watch(SHORT) as watch:
        assert call.run(watch)
    assert call.told == 3


def test_the_grace_is_added_to_the_deadline():
    patient, hasty = Call(), Call()
    with Watch(SHORT) as watch, watch.over(patient.stop, LONG):
        assert hasty.run(watch)
        assert patient.told == 0


def test_a_call_that_has_ended_is_not_stopped():
    ended, going = Call(), Call()
    with Watch(SHORT) as watch:
        with watch.over(ended.stop, LONG):
            pass
        assert going.run(watch)
    assert ended.told == 0


def test_cancelling_stops_every_call_long_before_its_deadline():
    calls = [Call() for _ in range(3)]
    with Watch(LONG) as watch:
        inside = threading.Barrier(4, timeout=30)
        stopped = []

        def running(call):
            with watch.over(call.stop):
                inside.wait()
                stopped.append(call.over.wait(30))

        threads = [threading.Thread(target=running, args=[call]) for call in calls]
        for thread in threads:
            thread.start()
        inside.wait()
        watch.cancel()
        for thread in threads:
            thread.join(30)
    assert stopped == [True] * 3


def test_after_cancelling_no_call_begins():
    with Watch(LONG) as watch:
        watch.cancel()
        with pytest.raises(TransientError, match="cancelled"), watch.over(Call().stop):
            pytest.fail("it began")


def test_a_later_call_with_an_earlier_deadline_is_stopped_first():
    first, second = Call(), Call()
    with Watch(SHORT) as watch, watch.over(first.stop, LONG):
        assert second.run(watch)
        assert first.told == 0


def test_leaving_ends_the_thread():
    before = set(threading.enumerate())
    with Watch(LONG) as watch, watch.over(Call().stop):
        [thread] = set(threading.enumerate()) - before
    thread.join(30)
    assert not thread.is_alive()
