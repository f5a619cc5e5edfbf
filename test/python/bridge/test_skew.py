"""Facts of a sidecar with another contract of events wait; none is dead, and it is told."""

import time

import pytest
from feeder import envelope
from waiting import until

from saltext.eos.utils import bridge_report, bridge_skew, bridge_verbs
from saltext.eos.utils.inbox_read import Reader

KNOWN = {"bridge": "11", "nomad/job": "22"}


@pytest.mark.parametrize(
    ("theirs", "version", "older"),
    [
        (KNOWN, "0.1.0", False),
        ({"bridge": "11"}, "0.1.0", False),
        ({"bridge": "11"}, "0.0.9", False),
        ({**KNOWN, "host/unit": "33"}, "0.1.0", "engine"),
        ({"bridge": "99"}, "0.1.0", "sidecar"),
        ({**KNOWN, "bridge": "99"}, "0.1.0", None),
        ({"bridge": "99", "host/unit": "33"}, "0.1.0", None),
        ({**KNOWN, "bridge": "99"}, "0.2.0", "engine"),
        ({**KNOWN, "bridge": "99"}, "0.0.9", "sidecar"),
        ({**KNOWN, "bridge": "99"}, "0.10.0", "engine"),
        ({}, "0.1.0", "sidecar"),
        (None, "0.1.0", "sidecar"),
        ("bridge", "0.1.0", "sidecar"),
        ({**KNOWN, "bridge": ["11"]}, "0.1.0", None),
    ],
)
def test_who_is_older_is_told_by_versions_or_by_what_is_known(theirs, version, older):
    found = bridge_skew.skew(theirs, version, KNOWN, "0.1.0")
    if older is False:
        assert found is None
        return
    assert found is not None
    assert found.older == older
    words = "do not tell which is older" if older is None else f"the {older} is older: install"
    assert words in found.reason


def _other() -> dict[str, str]:
    return {**bridge_skew.mine(), "nomad/job": "0123456789abcdef"}


def test_facts_of_another_contract_wait_until_both_agree(engine):
    with engine.feeder() as feeder:
        said = feeder.greet(version="0.0.1", contract=_other())
        assert (said["kind"], said["code"], said["older"]) == ("error", "EOS711", "sidecar")
        assert "has otherwise: nomad/job; expected those of engine 0.1.0" in said["reason"]
        assert feeder.hear() is None
    assert engine.ask("SELECT count(*) FROM events WHERE epoch = ?", feeder.epoch) == [(0,)]
    assert engine.ask("SELECT count(*) FROM dead") == [(0,)]
    reader = Reader(engine.inbox)
    waiting = "facts of sidecar test wait in its journal: sidecar 0.0.1 has events that"
    assert any(one.startswith(waiting) for one in _problems(reader))
    opts = {"engines": [{"eos_bridge": {"inbox": str(engine.inbox)}}]}
    told = bridge_verbs.sidecars(opts)["test"]
    assert told["eos"] == "0.0.1"
    assert told["waits"].startswith("sidecar 0.0.1 has events that")
    # Told to observers and to whoever reads the log, once.
    alarm = "SELECT body FROM events WHERE event = 'bridge' AND verb = 'alarm'"
    (body,) = until(lambda: engine.ask(alarm))[0]
    assert '"cause":"contract"' in body.replace(" ", "")
    assert "EOS711 facts of sidecar test wait" in engine.said()
    with engine.feeder() as feeder:
        assert feeder.greet()["kind"] == "welcome"
        assert feeder.take(envelope(1))["refused"] == []
        feeder.say({"kind": "status", "standings": [], "depth": 0})
        until(lambda: not bridge_skew.standing(reader.streams(), time.time()))
    assert bridge_verbs.sidecars(opts) == {"test": {"eos": "0.1.0", "waits": None}}
    assert not any("wait in its journal" in one for one in _problems(reader))
    assert len(engine.ask(alarm)) == 1


def _problems(reader) -> list[str]:
    return bridge_report.report(reader, time.time())["problems"]


def test_a_fact_of_another_contract_would_be_dead_if_nobody_compared(engine):
    with engine.feeder() as feeder:
        feeder.greet()
        ack = feeder.take(envelope(1, verdict={"cause": "time"}))
        assert [one["code"] for one in ack["refused"]] == ["EOS708"]
    assert engine.ask("SELECT count(*) FROM dead") == [(1,)]


def test_a_sidecar_that_is_gone_waits_for_nothing():
    status = {"skew": {"older": None, "reason": "unlike"}}
    streams = [{"instance": "n1", "seen": 1_000.0, "status": status}]
    assert bridge_skew.standing(streams, 1_300.0) == {"n1": "unlike"}
    assert bridge_skew.standing(streams, 1_301.0) == {}
    assert [*bridge_skew.alarms(streams, set(), 1_301.0)] == []


def test_a_fact_that_waited_since_another_build_weighed_it_otherwise_is_taken(engine):
    with engine.feeder() as feeder:
        feeder.greet()
        assert feeder.take(envelope(1, severity="notice"))["refused"] == []
    assert engine.ask("SELECT severity FROM events WHERE epoch = ?", feeder.epoch) == [("notice",)]


def test_a_sidecar_that_tells_no_contract_is_older(engine):
    with engine.feeder() as feeder:
        said = feeder.greet(contract=None)
        assert (said["code"], said["older"]) == ("EOS711", "sidecar")


def test_events_that_only_the_engine_knows_hold_nobody_up(engine):
    fewer = {name: one for name, one in bridge_skew.mine().items() if name != "kernel/oom"}
    with engine.feeder() as feeder:
        assert feeder.greet(contract=fewer)["kind"] == "welcome"
