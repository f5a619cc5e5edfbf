"""Silence is told once, apart from "nothing happened", and its end too."""

import json
import time

import pytest
from waiting import until

from saltext.eos.utils.bridge_silence import Watch, limit

AFTER = 300.0
BEGAN = 1_000_000.0


def _stream(seen, *, told=None, role="active", epoch="n1-1", **heard):
    """Give what a sidecar has told: seconds at which it and the servers were heard."""
    standings = [{"name": name, "heard": moment * 1000} for name, moment in heard.items()]
    standings.append({"name": "bridge", "heard": (seen if told is None else told) * 1000})
    return {"epoch": epoch, "seen": seen, "role": role, "status": {"standings": standings}}


def _told(watch, streams, now):
    return [(said.verb, said.source, said.cause) for said, _ in watch.look(streams, now)]


@pytest.fixture
def watch():
    return Watch(AFTER, {}, BEGAN)


def test_a_sidecar_that_is_not_heard_is_told_of_once_and_so_is_its_return(watch):
    old = [_stream(BEGAN + 10, nomad=BEGAN + 10)]
    assert _told(watch, old, BEGAN + 300) == []
    assert _told(watch, old, BEGAN + 311) == [("silent", "bridge", "sidecar")]
    assert _told(watch, old, BEGAN + 900) == []
    back = [_stream(BEGAN + 1000, told=BEGAN + 10, nomad=BEGAN + 10)]
    assert _told(watch, back, BEGAN + 1001) == [("heard", "bridge", "sidecar")]
    assert _told(watch, back, BEGAN + 1002) == []


def test_an_engine_that_has_just_begun_waits_for_the_sidecar(watch):
    assert _told(watch, [_stream(BEGAN - 9000)], BEGAN + 299) == []
    assert _told(watch, [], BEGAN + 299) == []
    ((said, since),) = watch.look([], BEGAN + 301)
    assert (said.verb, said.source, since) == ("silent", "bridge", BEGAN)
    assert "never heard" in said.detail


def test_a_source_whose_servers_are_not_heard_is_silent_while_others_are_not(watch):
    at = BEGAN + 1000
    streams = [_stream(at, **{"nomad:global": at - 301, "consul:dc1": at - 20})]
    ((said, since),) = watch.look(streams, at)
    assert (said.verb, said.source, said.amount) == ("silent", "nomad:global", 301)
    assert since == at - 301
    again = [_stream(at + 50, **{"nomad:global": at + 49, "consul:dc1": at + 40})]
    ((said, since),) = watch.look(again, at + 50)
    assert (said.verb, said.source, said.amount, since) == ("heard", "nomad:global", 350, None)


def test_an_old_status_makes_no_source_silent(watch):
    """A sidecar that comes back has greeted, and its status is from before."""
    streams = [_stream(BEGAN + 5000, told=BEGAN, **{"nomad:global": BEGAN - 20})]
    assert _told(watch, streams, BEGAN + 5000) == []


def test_a_source_that_was_never_heard_is_silent_after_the_same_time(watch):
    for second, told in ((0, 0), (299, 0), (301, 1), (600, 0)):
        streams = [_stream(BEGAN + second, **{"nomad:global": 0})]
        assert len(_told(watch, streams, BEGAN + second)) == told


def test_what_is_not_configured_any_more_is_no_longer_silent(watch):
    at = BEGAN + 1000
    assert len(_told(watch, [_stream(at, nomad=at - 301)], at)) == 1
    assert _told(watch, [_stream(at + 1)], at + 1) == [("heard", "nomad", "removed")]
    assert _told(watch, [_stream(at + 2)], at + 2) == []


def test_the_other_half_of_a_pair_takes_over_and_a_standby_counts_for_nothing(watch):
    old, standby = _stream(BEGAN, epoch="a"), _stream(BEGAN + 400, role="standby", epoch="b")
    assert _told(watch, [old, standby], BEGAN + 400) == [("silent", "bridge", "sidecar")]
    active = _stream(BEGAN + 410, epoch="b")
    assert _told(watch, [old, active], BEGAN + 411) == [("heard", "bridge", "sidecar")]


def test_what_could_not_be_written_is_told_again(watch):
    looked = watch.look([], BEGAN + 301)
    next(looked)
    looked.close()
    assert _told(watch, [], BEGAN + 302) == [("silent", "bridge", "sidecar")]


@pytest.mark.parametrize("wrong", ["5", 5, "1s", "59s", "-5m", None, "soon", ["5m"]])
def test_a_limit_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match=r"silent_after.*expected"):
        limit(wrong)


def test_a_limit_is_a_span_of_time():
    assert [limit(text) for text in ("60s", "5m", "1.5h")] == [60, 300, 5400]


def _status(**heard):
    moments = {"bridge": time.time(), **heard}
    standings = [{"name": name, "heard": int(at * 1000)} for name, at in moments.items()]
    return {"kind": "status", "standings": standings}


def test_a_silence_outlives_the_engine_and_is_one_event(engine):
    query = "SELECT body FROM events WHERE verb IN ('silent', 'heard') ORDER BY row"

    def told():
        return [json.loads(body) for (body,) in engine.ask(query)]

    long_ago = time.time() - 3600
    with engine.feeder() as feeder:
        feeder.greet()
        feeder.say(_status(**{"nomad:global": long_ago, "consul:dc1": time.time()}))
        (silent,) = until(told)
    assert silent["subject"] == {"source": "nomad:global"}
    assert silent["severity"] == "critical"
    assert silent["tag"] == "eos/bridge/silent/nomad%3Aglobal"
    assert silent["change"]["count"] == pytest.approx(3600, abs=5)
    assert engine.ask("SELECT source, since FROM silences") == [
        ("nomad:global", pytest.approx(long_ago, abs=0.01))
    ]
    engine.stop()
    engine.start()
    with engine.feeder() as feeder:
        feeder.greet()
        feeder.say(_status(**{"nomad:global": long_ago, "consul:dc1": long_ago}))
        until(lambda: len(told()) == 2)
        assert told()[1]["subject"] == {"source": "consul:dc1"}
        feeder.say(_status(**{"nomad:global": time.time(), "consul:dc1": long_ago}))
        until(lambda: len(told()) == 3)
    assert (told()[2]["verb"], told()[2]["subject"]["source"]) == ("heard", "nomad:global")
    assert [source for source, _ in engine.ask("SELECT * FROM silences")] == ["consul:dc1"]


def test_an_engine_with_a_wrong_limit_does_not_start(engines):
    engine = engines(silent_after="1s").start()
    until(lambda: "EOS710 eos_bridge: silent_after is '1s'; expected 60s or more" in engine.said())
    assert not engine.socket.exists()
