"""A master that Consul refuses is no master that nobody can ask: another one may hold the lock."""

from __future__ import annotations

import pytest
from stage import FAST
from waiting import until

from saltext.eos.utils import heal_lease
from saltext.eos.utils.heal_lease import ALONE, STANDBY, Lease, Standing, Terms
from saltext.eos.utils.http import Forbidden, ServerError, Unavailable


def _error(kind, words):
    return kind(words, method="PUT", path="/v1/session/create", status=None, body=None)


def _asked(monkeypatch, err):
    """Give the standing of a master that meets with an error for a thousand seconds."""
    looks, now = [], [0.0]

    def look(self, client):
        looks.append(now[0])
        raise err

    monkeypatch.setattr(Lease, "_look", look)
    monkeypatch.setattr(heal_lease, "LOOK_EVERY", 0.01)
    one = Lease(Terms("http://127.0.0.1:1", None, None, "m1"), clock=lambda: now[0])
    try:
        until(lambda: looks)
        now[0] = 1_000.0
        until(lambda: looks[-1] == 1_000.0 and len(looks) > looks.index(1_000.0) + 1)
        return one.standing()
    finally:
        one.end()


@pytest.mark.parametrize(
    "err",
    [
        _error(Forbidden, "PUT /v1/session/create answered 403: Permission denied"),
        _error(ServerError, "answered 500: rpc error making call: Permission denied: token"),
        _error(ServerError, "answered 500: rpc error: ACL not found"),
        OSError("[Errno 2] No such file or directory: 'consul.token'"), ValueError("no text"),
    ],
)  # fmt: skip
def test_who_is_refused_stands_by(monkeypatch, err):
    standing = _asked(monkeypatch, err)
    assert (standing.role, standing.is_refused) == (STANDBY, True)
    assert standing.why == str(err)


@pytest.mark.parametrize(
    "err",
    [
        _error(Unavailable, "got no answer: connection refused"),
        _error(ServerError, "answered 500: No cluster leader"),
    ],
)  # fmt: skip
def test_who_gets_no_answer_is_alone(monkeypatch, err):
    assert _asked(monkeypatch, err).role == ALONE


def test_a_refusal_is_an_alarm_once(stage):
    stage.world.heal = FAST
    stage.tokens()
    refused = Standing(STANDBY, 0, 0.0, "", "answered 403", True)
    stage.again(seat=lambda form: refused, node="m1")
    stage.until(lambda: stage.loop.status().state == "standby")
    stage.turn(1.0)
    (line,) = stage.lines("alarm")
    assert line["says"].endswith("and stands by: answered 403")
