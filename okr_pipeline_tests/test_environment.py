"""The machine as tests see it (environment.py)."""

import socket

import pytest

from okr_pipeline_tests import environment


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.invalid"])
def test_beyond_loopback_every_connection_is_refused_and_noted(host):
    with pytest.raises(ConnectionRefusedError, match=host):
        socket.create_connection((host, 80))
    assert set(environment._attempts) == {host}
    environment._attempts.clear()


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


@pytest.mark.parametrize(("ci", "outcome"), [("true", "failed"), ("", "skipped")])
def test_a_skipped_test_fails_on_ci(ci, outcome, monkeypatch):
    monkeypatch.setenv("CI", ci)
    skipped = pytest.TestReport(
        "a", ("a", 1, "a"), {}, outcome="skipped", longrepr=("a.py", 1, "no server"), when="call"
    )
    report = environment._unskipped(skipped)
    assert report.outcome == outcome
    assert "no server" in str(report.longrepr)
