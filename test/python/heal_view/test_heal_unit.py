"""What a minion says of its units and gates: nothing where nothing was seen."""

from __future__ import annotations

import time

import pytest
from salt.exceptions import CommandExecutionError

from saltext.eos.modules import eos_heal
from saltext.eos.utils import compiled, observe, secret
from saltext.eos.utils.heal_snapshot_ask import Blocked


def _units(monkeypatch, retcode=0, ago=None, **said):
    if ago is not None:
        said["ActiveEnterTimestampMonotonic"] = str(int((time.monotonic() - ago) * 1e6))
    told = {"LoadState": "loaded", "ActiveState": "active", "NRestarts": "0", **said}
    shown = {"retcode": retcode, "stdout": "\n".join(f"{name}={told[name]}" for name in told)}
    salt = {"cmd.run_all": lambda *_, **__: shown}
    monkeypatch.setattr(eos_heal, "__salt__", salt, raising=False)
    return eos_heal._units(["caddy.service"]).get("caddy.service", "")


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"ago": 3600}, "active"), ({"ago": 3600, "NRestarts": "9"}, "active"),
        ({"ago": 0}, "young"), ({"ago": 0, "NRestarts": "9"}, "unsteady"),
        ({"ActiveState": "failed", "ago": 0}, "failed"), ({"LoadState": "masked"}, "masked"),
        ({"LoadState": "not-found"}, "not-found"), ({"LoadState": "error"}, ""), ({}, "active"),
        ({"retcode": 1}, ""),
    ],
)  # fmt: skip
def test_a_unit_is_as_systemd_says(monkeypatch, said, state):
    assert _units(monkeypatch, **said) == state


def _gate(monkeypatch, probe):
    form = {"components": {"caddy": {"gate": {"probes": [{"by": "http"}], "component": "caddy"}}}}
    pillar = {"eos": {"_compiled": form}}
    for name, value in (("__pillar__", pillar), ("__opts__", {}), ("__salt__", {})):
        monkeypatch.setattr(eos_heal, name, value, raising=False)
    monkeypatch.setattr(compiled, "compiled", lambda _: form)
    monkeypatch.setattr(observe, "observe", lambda gate, context: probe(context))
    return eos_heal._gates(["caddy"], time.monotonic() + 0.2)["caddy"]


def _raising(err):
    def probe(context):
        raise err

    return probe


def test_a_gate_that_was_observed_and_did_not_pass_waits(monkeypatch):
    seen = [observe.Outcome(False, "refused", "it is down")]
    assert _gate(monkeypatch, lambda context: seen) == "waiting"


@pytest.mark.parametrize(
    "probe",
    [
        lambda context: time.sleep(2), _raising(KeyError("values")),
        _raising(Blocked("took too long")),
    ],
)  # fmt: skip
def test_a_gate_that_could_not_be_observed_is_unknown(monkeypatch, probe):
    assert _gate(monkeypatch, probe) == "unknown"


def test_a_gate_whose_secret_cannot_be_read_is_unknown(monkeypatch):
    def resolve(*_):
        raise CommandExecutionError("no such file")

    monkeypatch.setattr(secret, "resolve", resolve)
    assert _gate(monkeypatch, lambda context: context["resolve"]({})) == "unknown"


def test_a_hook_whose_secret_cannot_be_read_says_nothing_of_its_gate(monkeypatch):
    """
    A probe by hook asks for its secret itself, and whatever a hook raises means: not ready.

    Mutation: take that for a gate that was observed and did not pass, and its unit is applied.
    """

    def resolve(*_):
        raise CommandExecutionError("the key of this minion opens it not")

    monkeypatch.setattr(secret, "resolve", resolve)
    look = observe.observe
    probe = {"by": "hook", "hook": "gate_is_open", "why": "Vault is sealed"}
    gate = {"component": "vault_gate", "probes": [probe]}

    def by_hook(context):
        return look(gate, {**context, "values": {}, "compiled": form})

    form = {"components": {"nomad": {"roles": ["client"]}}}
    assert _gate(monkeypatch, by_hook) == "unknown"
