"""What a decision becomes before anything is sent: a plan of known names, or a refusal."""

from __future__ import annotations

import json
import sqlite3

import pytest
from salt.exceptions import CommandExecutionError, SaltRunnerError

from saltext.eos.utils import (
    heal_at_nomad,
    heal_claim,
    heal_deed,
    heal_deed_apply,
    heal_file,
    heal_settings,
    heal_store,
    heal_verify,
    master,
)
from saltext.eos.utils.heal_plan import LONGEST_APPLY, LONGEST_ASK, Acting, Misfit
from saltext.eos.utils.heal_state import Decision, Thing, View

ALLOC = "5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11"
INSTANCE = f"_nomad-task-{ALLOC}-group-web-web-http"
FORM = {
    "nodes": {"n1": {"address": "10.0.0.1"}},
    "all": {
        "n1": {
            "components": {
                "consul": {"unit": "consul.service", "values": {"https": 8501}},
                "vault_open": {"unit": None},
            }
        }
    },
    "heal": {"mode": "enforce"},
    "plan": {"nodes_of": {"healer": ["n1"], "sidecar": ["n1"]}},
}
STALE = {
    "subject.node": "n1", "subject.instance": INSTANCE, "links.alloc": ALLOC,
    "cluster": "consul:dc1", "act": {"do": "deregister"},
}  # fmt: skip
ACTING = Acting("d-1", {"jid": "1", "pid": 1, "started": "x"})
JOB = {"subject.job": "web", "subject.namespace": "apps", "cluster": "nomad:global"}


def _on(component, node="n1"):
    return {"subject.node": node, "act": {"do": "apply", "component": component}}


@pytest.mark.parametrize(
    ("action", "subject", "says", "arguments"),
    [
        ("apply", _on("consul"), "apply eos.consul on n1", ("consul",)),
        ("unseal", {"subject.minion": "n1"}, "open Vault on n1", ("n1", {"mode": "enforce"})),
        (
            "evaluate", JOB, "evaluate job web of namespace apps in region global",
            ("web", "apps", "global"),
        ),
        (
            "deregister", STALE, f"deregister {INSTANCE} on n1",
            ("dc1", "n1", INSTANCE, ALLOC, "https://10.0.0.1:8501"),
        ),
        (
            "resync", STALE, f"have the agent of n1 write {INSTANCE} into the catalogue",
            ("dc1", "n1", INSTANCE, ALLOC, "https://10.0.0.1:8501"),
        ),
    ],
)  # fmt: skip
def test_a_decision_becomes_a_plan(action, subject, says, arguments):
    plan = heal_deed.planned(action, subject, FORM)
    assert (plan.says, plan.node, plan.arguments) == (says, "n1", arguments)


@pytest.mark.parametrize(
    ("action", "subject", "why"),
    [
        ("remove", {}, "there is no act 'remove'"),
        ("apply", _on("consul", "n9"), "node 'n9' is not in the stack"),
        ("apply", _on("nginx"), "'nginx' does not run on n1"),
        ("apply", {"act": {"component": "consul"}}, "names no node or minion"),
        ("apply", {"subject.node": ["n1"], "act": {"component": "consul"}}, "expected text"),
        ("apply", {"subject.node": "n1", "act": {}}, "None does not run on n1"),
        (
            "apply",
            {
                "subject.node": "n1", "subject.component": "consul",
                "act": {"component_of": "subject.component", "components": ["vault"]},
            },
            "None does not run on n1",
        ),
        ("evaluate", {**JOB, "cluster": "consul:dc1"}, "expected one of nomad"),
        ("evaluate", {**JOB, "subject.job": "a\nb"}, "is no name of Nomad"),
        ("deregister", {**STALE, "links.alloc": "x"}, "is not of allocation"),
        ("deregister", {**STALE, "subject.instance": "vault"}, "is not of allocation"),
        ("deregister", {**STALE, "subject.node": "n1/../n2"}, "is no registration"),
        ("resync", {**STALE, "subject.instance": "vault"}, "is not of allocation"),
        ("resync", {**STALE, "subject.node": "gone"}, "Eos runs no Consul agent on gone"),
    ],
)  # fmt: skip
def test_what_the_stack_has_not_becomes_none(action, subject, why):
    with pytest.raises(Misfit, match=why):
        heal_deed.planned(action, subject, FORM)


def test_a_node_that_eos_does_not_run_has_no_agent_to_ask():
    plan = heal_deed.planned("deregister", {**STALE, "subject.node": "gone"}, FORM)
    assert plan.arguments[-1] == ""


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (True, f"the agent of n1 wrote {INSTANCE} into the catalogue"),
        (False, f"{INSTANCE} stood in the catalogue again; nothing was done"),
    ],
)
def test_it_says_whether_the_agent_had_to_write(monkeypatch, written, says):
    monkeypatch.setattr(master, "call", lambda *_: {"written": written})
    plan = heal_deed.planned("resync", STALE, FORM)
    done = heal_deed.carried_out({}, "resync", plan, ACTING)
    assert (done.says, done.effects) == (says, (INSTANCE,) if written else ())


def test_without_a_healer_in_the_topology_nobody_is_asked():
    with pytest.raises(Misfit, match="no node has the role healer"):
        heal_deed.planned("evaluate", JOB, {**FORM, "plan": {"nodes_of": {}}})


@pytest.fixture
def vault(monkeypatch, tmp_path):
    """A master whose node answers what the test puts here."""
    told = {"state": {"a": {"__id__": "unsealed", "result": True, "changes": {"sealed": False}}},
            "failed": {"failed": [], "managed": 20, "unhealthy": 2}}  # fmt: skip
    path = tmp_path / heal_file.NAME
    made = heal_store.Store(path)
    with made.step(heal_settings.Settings()):
        made.state.decisions["d-1"] = Decision(
            "d-1", "i-1", "unseal", "t", {}, ("stack",), "x", 0.0, 1e9, "claimed",
            claim={**ACTING.who, "epoch": made.state.epoch, "acts": True},
        )  # fmt: skip
        made.state.mark("decisions", "d-1")
    made.close()
    told["path"], told["opts"] = path, {"eos_state_dir": str(tmp_path)}

    def ask(opts, nodes, function, arguments, timeout, within):
        assert within == LONGEST_APPLY
        assert (nodes, function, arguments[0]) == (["n1"], "state.apply", "eos.vault_open")
        assert arguments[1]["queue"] == heal_deed_apply.QUEUE
        wrong = any(one["result"] is False for one in told["state"].values())
        return {"n1": {"ret": told["state"], "jid": "2026", "retcode": 2 if wrong else 0}}

    def call(opts, node, function, arguments=None, timeout=0, within=None):
        assert within == LONGEST_ASK
        if isinstance(told["failed"], Exception):
            raise told["failed"]
        if function == "eos_heal_act.failed_for_vault":
            return told["failed"]
        (jobs,) = arguments
        return {"evaluated": [{**one, "evaluation": f"e-{one['job']}"} for one in jobs]}

    monkeypatch.setattr(master, "ask", ask)
    monkeypatch.setattr(master, "call", call)
    return told


def _unsealed(vault, **heal):
    form = {**FORM, "heal": {**FORM["heal"], **heal}}
    plan = heal_deed.planned("unseal", {"subject.minion": "n1"}, form)
    return heal_deed.carried_out(vault["opts"], "unseal", plan, ACTING)


def _failed(vault, *jobs):
    rows = [{"region": "global", "namespace": "apps", "job": job} for job in jobs]
    vault["failed"] = {**vault["failed"], "failed": rows}


def test_after_an_unseal_what_failed_for_vault_is_evaluated(vault):
    _failed(vault, "web")
    done = _unsealed(vault)
    assert done.effects == ("2026", "e-web")
    assert done.says == "opened Vault on n1 (job 2026), then evaluated web"


@pytest.mark.parametrize("what", ["job:web", "job:web@apps", "service:web", "stack"])
def test_what_a_person_holds_is_not_evaluated_after_an_unseal(vault, what):
    _failed(vault, "web", "api")
    held = {"verb": "hold", "what": what, "reason": "its data is being repaired"}
    heal_claim.tell(vault["path"], held, "ann")
    done = _unsealed(vault)
    assert "e-web" not in done.effects
    assert ": hold by ann: its data is being repaired" in done.says


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE decisions SET state = 'failed'", "is failed; expected it to be claimed"),
        ("UPDATE meta SET value = '99' WHERE key = 'epoch'", "; the lease has epoch 99"),
    ],
)
def test_whoever_may_not_act_any_more_evaluates_nothing_after_an_unseal(vault, change, why):
    """
    The state that opens Vault may take ten minutes: another master may heal by then.

    Mutation: look at the lease before the act alone.
    """
    _failed(vault, "web")
    with sqlite3.connect(vault["path"]) as db:
        assert db.execute(change).rowcount == 1
        db.commit()
    done = _unsealed(vault)
    assert done.effects == ("2026",)
    assert why in done.says
    with sqlite3.connect(vault["path"]) as db:
        assert db.execute("SELECT count(*) FROM touched").fetchone() == (0,)


def test_what_is_only_observed_is_not_evaluated_after_an_unseal(vault):
    _failed(vault, "web")
    done = _unsealed(vault, jobs={"web": "observe"})
    assert done.effects == ("2026",)
    assert "web: mode observe" in done.says


def test_a_held_specification_is_not_evaluated_after_an_unseal(vault):
    _failed(vault, "web")
    with sqlite3.connect(vault["path"]) as db:
        rule = ("hold", "job:web@apps", "version 3 failed", "healer", 0.0, None, "a hash")
        db.execute("INSERT INTO rules VALUES (?,?,?,?,?,?,?)", rule)
    assert _unsealed(vault).effects == ("2026",)


def test_with_most_jobs_unwell_none_is_evaluated_after_an_unseal(vault):
    _failed(vault, "web")
    vault["failed"]["unhealthy"] = 9
    done = _unsealed(vault)
    assert done.effects == ("2026",)
    assert "9 of 20 jobs are unhealthy" in done.says


def test_no_more_than_a_tenth_of_the_jobs_is_evaluated_in_an_hour(vault):
    _failed(vault, "a", "b", "c", "d", "e", "f")
    first = _unsealed(vault)
    assert first.effects == ("2026", "e-a", "e-b")
    assert first.says.endswith("; 1 more wait for Nomad")
    assert _unsealed(vault).effects == ("2026", "e-a", "e-b")


def test_jobs_of_one_name_are_as_many_as_their_namespaces(vault):
    """Mutation: count by the bare name, and all of them are evaluated at once."""
    _failed(vault, "web")
    (row,) = vault["failed"]["failed"]
    vault["failed"]["failed"] = [{**row, "namespace": f"team{one}"} for one in range(6)]
    assert _unsealed(vault).effects == ("2026", "e-web", "e-web")


def test_what_was_evaluated_counts_for_the_healer_too(vault):
    _failed(vault, "web")
    _unsealed(vault)
    again = heal_store.Store(vault["path"])
    assert "web@apps" in again.state.touched["act"]
    again.state.touched.clear()
    with again.step(heal_settings.Settings()):
        assert "web@apps" in again.state.touched["act"]
    again.close()
    # Mutation: book it without a line, and nobody can hold the audit to the blast radius.
    with sqlite3.connect(vault["path"]) as db:
        (text,) = db.execute("SELECT body FROM audit WHERE kind = 'touched'").fetchone()
    said = json.loads(text)["body"]
    bound = {"managed": 20, "blast_share": 10.0, "blast_within": 3600.0}
    assert {**said, "t": 0} == {"t": 0, "decision": "d-1", "jobs": ["web@apps"], **bound}


@pytest.mark.parametrize(
    ("said", "is_meant"),
    [
        ("Template failed: vault.read(kv/data/web): vault.read(kv/data/web): connection refused",
         True),
        ("Missing: vault.read(kv/data/web)", True),
        ("Vault: failed to derive vault token: server is sealed", True),
        ("failed to derive Vault tokens for alloc", True),
        ("Task's sibling \"vault-sync\" failed", False), ("vault-sync exited 1", False),
        ("Exit Code: 1, Exit Message: \"my-vault failed\"", False),
    ],
)  # fmt: skip
def test_a_task_that_is_only_called_after_vault_did_not_fail_for_it(said, is_meant):
    assert bool(heal_at_nomad.OF_VAULT.search(said)) is is_meant


def test_an_unseal_stands_though_nothing_could_be_evaluated(vault):
    vault["failed"] = SaltRunnerError("n1 did not answer")
    assert "were not evaluated: n1 did not answer" in _unsealed(vault).says


def test_where_custody_lacks_shares_a_person_is_asked_for_just_that(vault):
    why = "Vault is still sealed after 1 shares; expected 3 shares of this very Vault in /x"
    needs = "One or more requisite failed: eos.vault_open.unsealed"
    vault["state"] = {
        "b": {"__id__": "identity", "result": False, "comment": needs, "changes": {}},
        "a": {"__id__": "unsealed", "result": False, "comment": why, "changes": {}},
    }
    with pytest.raises(CommandExecutionError) as raised:
        _unsealed(vault)
    said = str(raised.value)
    assert said.startswith("a person is asked to open Vault on n1, its custody alone cannot: ")
    assert said.index(why) < said.index(needs)


def _look(**changed):
    thing = Thing(wrong=True, input="x")
    return lambda: View(5.0, "", 1, 1, "", thing)._replace(**changed)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"blocked": "nomad:global: it took too long"}, "blocked: nomad:global"),
        ({"at": 1.0}, "older than the act"),
        ({"thing": Thing(wrong=None, input="x")}, "its owner does not say"),
        ({"thing": Thing(wrong=False, input="x")}, "not wrong any more"),
        ({"thing": Thing(wrong=True, input="y")}, "has changed since"),
        ({"red": "nomad on n1"}, "nomad on n1 is down"),
    ],
)
def test_what_is_taken_away_must_be_wrong_and_the_same_at_that_moment(changed, why):
    with pytest.raises(CommandExecutionError, match=why):
        heal_verify.refuse_unless_same(_look(**changed), lambda: 5.0, "x")


def test_what_is_wrong_and_the_same_may_go():
    heal_verify.refuse_unless_same(_look(), lambda: 5.0, "x")
