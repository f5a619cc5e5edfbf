"""The beacon in real Salt: configuration, pillar, signed batches, acknowledgement."""

from __future__ import annotations

import json

import pytest
import salt.loader
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from host_systemd import wait_for

from saltext.eos.utils import hint, host_form
from saltext.eos.utils.record_batch import BEAT
from saltext.eos.version import SCHEMA


def _form(**components):
    parts = {name: {"unit": unit, "values": {}} for name, unit in components.items()}
    return {"schema": SCHEMA, "node": {"id": "n1"}, "components": parts}


def _told(loaded):
    """Make one pass; give what it tells beside that the beacon is there."""
    events = loaded["eos_host.beacon"]([{"interval": 1}])
    return [event for event in events if event["tag"] != BEAT]


@pytest.fixture
def loaded(minion_opts, at_systemd):
    minion_opts["pillar"] = {"eos": {"_compiled": _form(consul="eos-beacon.service")}}
    found = salt.loader.beacons(minion_opts, {})
    yield found
    found["eos_host.close"]([])


def test_a_wrong_setting_is_refused_with_its_name(minion_opts):
    loaded = salt.loader.beacons(minion_opts, {})
    assert loaded["eos_host.validate"]([{"restarts": 5}, {"interval": 1}])[0]
    for wrong in ([{"restarts": 0}], [{"restart": 5}], "x", [5]):
        ok, why = loaded["eos_host.validate"](wrong)
        assert not ok
        assert why.startswith("eos_host: ")


def test_a_failed_unit_becomes_a_signed_batch_until_it_is_acknowledged(
    loaded, at_systemd, minion_opts, minion_key, tmp_path
):
    at_systemd.unit("eos-beacon.service", ExecStart="/bin/false")
    found = []
    wait_for(lambda: found.extend(_told(loaded)) or found, "a batch")
    event = found[0]
    assert event["tag"] == "failed"
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "n1").write_bytes(
        minion_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    signed = hint.signed("salt/beacon/n1/eos_host/failed", event, keys)
    batch = hint.batch(signed)
    (record,) = batch.records
    assert batch.book() == "n1/eos_host"
    assert hint.problem("n1", record, hint.envelope("n1", record, "e", 1), "eos_host") is None
    with pytest.raises(hint.Doubt, match="not by that minion's accepted key"):
        changed = event["batch"].replace("consul", "nomad")
        hint.signed("salt/beacon/n1/eos_host/failed", {**event, "batch": changed}, keys)
    modules = salt.loader.minion_mods(minion_opts)
    assert modules["eos_host.pending"]() == [record]
    assert modules["eos_host.status"]()["things"] == {"unit:eos-beacon.service": "failed"}
    modules["eos_host.acknowledge"](batch.boot, record["n"])
    assert modules["eos_host.pending"]() == []
    for _ in range(3):
        assert _told(loaded) == []
    at_systemd.run("systemctl", "reset-failed")


def test_a_minion_that_nothing_is_known_of_misses_nothing(minion_opts, at_systemd):
    for pillar in ({}, {"eos": {"_compiled": {"schema": 99}}}):
        minion_opts["pillar"] = pillar
        loaded = salt.loader.beacons(minion_opts, {})
        assert _told(loaded) == []
        loaded["eos_host.close"]([])


def test_components_of_applications_and_without_a_unit_are_not_watched():
    form = _form(consul="consul.service", tls=None)
    form["components"]["app"] = {"each": {"web": {"unit": "x.service"}}}
    assert host_form.of(json.loads(json.dumps(form))).units == {"consul.service": "consul"}
