"""Questions to minions end, also when a minion says for ever that its job goes on."""

from __future__ import annotations

import threading

import pytest
from salt.exceptions import SaltClientError, SaltRunnerError
from waiting import ended

from saltext.eos.utils import master

OPTS = {"user": "root"}


class Client:
    """A client of a master whose minions do what the test says."""

    def __init__(self, work):
        self.work, self.jobs = work, []
        self.sent = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def cmd(self, nodes, function, arguments, **more):
        self.jobs.append(more["jid"])
        return self.work()

    def run_job(self, nodes, function, arguments, **more):
        self.sent.append((nodes, function, arguments))


@pytest.fixture
def client(monkeypatch):
    """Let Salt have this client in place of its own."""
    one = Client(lambda: {"n1": {"ret": 7, "retcode": 0}})
    monkeypatch.setattr(master.salt.client, "get_local_client", lambda mopts: one)
    monkeypatch.setattr(master, "_hanging", [])
    return one


def test_a_job_that_hangs_is_told_to_end_and_waited_for_no_longer(client):
    """Mutation: wait for its answer without a bound."""
    go = threading.Event()
    client.work = go.wait
    with pytest.raises(master.Late, match=r"state\.apply on n1 .* did not end within 0 s"):
        ended(lambda: master.ask(OPTS, ["n1"], "state.apply", within=0.2))
    assert client.sent == [(["n1"], "saltutil.kill_job", client.jobs)]
    assert client.jobs[0].startswith("20")
    go.set()


def test_what_is_done_in_time_is_given_as_without_a_bound(client):
    assert master.call(OPTS, "n1", "test.ping", within=5.0) == 7
    assert master.call(OPTS, "n1", "test.ping") == 7
    assert client.sent == []


def test_an_error_of_the_master_is_that_of_whoever_waits(client):
    def fails():
        raise SaltClientError("no socket")

    client.work = fails
    with pytest.raises(SaltRunnerError, match="the master cannot be asked: no socket"):
        master.ask(OPTS, ["n1"], "test.ping", within=5.0)


def test_jobs_that_never_end_are_bounded(client, monkeypatch):
    monkeypatch.setattr(master, "MOST_HANGING", 2)
    go = threading.Event()
    client.work = go.wait
    for _ in range(2):
        with pytest.raises(master.Late, match="did not end"):
            master.ask(OPTS, ["n1"], "test.ping", within=0.01)
    with pytest.raises(master.Late, match="2 jobs that were told to end still run"):
        master.ask(OPTS, ["n1"], "test.ping", within=0.01)
    assert len(client.jobs) == 2
    go.set()
