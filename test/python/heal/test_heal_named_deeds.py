"""The policies as they are generated: what people say of a job holds for its registrations too."""

from __future__ import annotations

import json
import sqlite3

import pytest
from healing import ENFORCE, WRONG, Clocks, Healer, view

from saltext.eos.policies.table import TABLE
from saltext.eos.utils import (
    heal_act,
    heal_budget,
    heal_claim,
    heal_command,
    heal_core,
    heal_file,
    heal_settings,
    heal_store,
)

ALLOC = "5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11"
VERBS = {"lost_registration": "deregistered", "stale_registration": "critical"}


def _gone(number, policy, job="web"):
    return {
        "id": f"e{number}", "event": "consul/service", "verb": VERBS[policy], "settled": True,
        "source": {"kind": "consul", "name": "consul:dc1"},
        "subject": {
            "datacenter": "dc1", "partition": "default", "namespace": "default", "node": "n1",
            "service": job, "instance": f"_nomad-task-{ALLOC}-{job}",
        },
        "verdict": {"cause": "explicit", "confidence": "proved", "reachable": True},
        "change": {}, "links": {"alloc": ALLOC},
    }  # fmt: skip


def _sealed(number):
    return {
        "id": f"e{number}", "event": "vault/seal", "verb": "sealed", "settled": True,
        "source": {"kind": "host"}, "subject": {"minion": "n1", "address": "https://127.0.0.1"},
        "verdict": {"cause": "restarted"}, "change": {}, "links": {},
    }  # fmt: skip


def _healer(policy, settings=ENFORCE, job="web"):
    healer = Healer(settings, TABLE)
    healer.thing = WRONG._replace(hook=True, names=(f"job:{job}@apps", f"job:{job}"))
    healer.core.arrive(1, _gone(1, policy, job), 0.0)
    return healer


@pytest.mark.parametrize("policy", VERBS)
def test_a_registration_is_healed_while_nothing_is_against_it(policy):
    (decision,) = _healer(policy).after(5.0)
    assert {"job:web", "service:web", "component:consul"} <= set(decision.names)


@pytest.mark.parametrize("what", ["job:web", "job:web@apps", "service:web", "component:consul"])
@pytest.mark.parametrize("verb", ["hold", "suspend", "freeze"])
@pytest.mark.parametrize("policy", VERBS)
def test_what_is_stopped_by_any_of_its_names_is_not_healed(policy, verb, what):
    healer = _healer(policy)
    said = {"verb": verb, "what": what, "reason": "it is being repaired"}
    said |= {"seconds": 60.0} if verb == "suspend" else {}
    heal_command.obey(healer.state, said, "ann", 0.0, ENFORCE)
    assert healer.after(5.0) == []
    assert f"{what} is " in healer.why()


@pytest.mark.parametrize("policy", VERBS)
def test_the_mode_of_a_job_holds_for_its_registrations(policy):
    settings = heal_settings.read({"mode": "enforce", "jobs": {"web": "observe"}})
    assert _healer(policy, settings).after(5.0) == []


@pytest.mark.parametrize("policy", VERBS)
def test_with_most_jobs_unwell_no_registration_is_touched(policy):
    healer = _healer(policy)
    healer.changed = {"unhealthy": 41}
    assert healer.after(5.0) == []
    assert healer.why().startswith("mass_failure: 41 of 100 jobs")


@pytest.mark.parametrize("policy", VERBS)
def test_while_a_core_service_is_down_no_registration_is_touched(policy):
    healer = _healer(policy)
    healer.changed = {"red": "nomad on n1"}
    assert healer.after(5.0) == []
    assert healer.why().startswith("mass_failure: nomad on n1 is down")


@pytest.mark.parametrize("policy", VERBS)
def test_a_registration_of_which_no_job_is_known_is_not_touched(policy):
    """Mutation: let pass what has no job, and its limits bind nothing."""
    healer = _healer(policy)
    healer.thing = healer.thing._replace(names=())
    assert healer.after(5.0) == []
    assert healer.why().startswith("mass_failure: which job it belongs to is not known")


@pytest.mark.parametrize("lately", ["db@apps", "web@other"])
@pytest.mark.parametrize("policy", VERBS)
def test_registrations_of_no_more_than_a_tenth_of_the_jobs_are_touched_in_an_hour(policy, lately):
    healer = _healer(policy)
    healer.changed = {"managed": 10}
    healer.state.touched["act"] = {lately: 0.0}
    assert healer.after(5.0) == []
    assert healer.why().startswith("blast: 1 jobs touched lately, 1 may be")
    assert len(healer.after(3600.0)) == 1


@pytest.mark.parametrize("policy", VERBS)
def test_the_job_that_was_touched_lately_may_be_touched_again(policy):
    healer = _healer(policy)
    healer.changed = {"managed": 10}
    healer.state.touched["act"] = {"web@apps": 0.0}
    assert len(healer.after(5.0)) == 1
    assert list(healer.state.touched["act"]) == ["web@apps"]


@pytest.fixture
def decided(tmp_path):
    """A decision to unseal as an earlier release has left it: it goes by fewer names."""
    path, clocks = tmp_path / heal_file.NAME, Clocks()
    store = heal_store.Store(path, clocks)
    core = heal_core.Core(TABLE, ENFORCE, store.state)
    store.state.buckets["act"] = heal_budget.Bucket(5.0, 0.0)
    with store.step(ENFORCE) as time:
        core.arrive(1, _sealed(1), time.now)
    clocks.pass_(5.0)
    with store.step(ENFORCE) as time:
        views = {one.id: view(time.now) for one in core.wanted(time.now)}
        (decision,) = core.due(time.now, time.reading.wall, views)
    store.close()
    with sqlite3.connect(path) as db:
        (text,) = db.execute("SELECT body FROM decisions").fetchone()
        old = {**json.loads(text), "names": ["node:n1", "policy:vault_sealed", "stack"]}
        db.execute("UPDATE decisions SET body = ?", (json.dumps(old),))
    return path, clocks, decision.id


def test_a_stop_holds_for_what_was_decided_before_it_had_that_name(decided):
    path, clocks, name = decided
    said = {"verb": "hold", "what": "component:vault", "reason": "keys are suspected"}
    heal_claim.tell(path, said, "ann", clocks)
    with pytest.raises(heal_claim.Refused, match="hold by ann: keys are suspected"):
        heal_claim.claim(path, name, "unseal", {"jid": "1"}, clocks)


def test_a_decision_of_an_earlier_release_gets_the_names_of_now(decided):
    path, clocks, name = decided
    store = heal_store.Store(path, clocks)
    heal_core.Core(TABLE, ENFORCE, store.state)
    assert "component:vault" in store.state.decisions[name].names
    store.close()


def test_what_a_person_has_sealed_is_left_sealed_and_told():
    healer = Healer(ENFORCE, TABLE)
    healer.core.arrive(1, {**_sealed(1), "verdict": {"cause": "sealed"}}, 0.0)
    assert healer.after(20.0) == []
    (note,) = [body for kind, body in healer.state.lines if kind == "note"]
    assert (note["policy"], note["do"]) == ("vault_closed", "alarm")


@pytest.fixture
def opened():
    """A healer that has opened a Vault after its restart, and watches it."""
    healer = Healer(ENFORCE, TABLE)
    healer.core.arrive(1, _sealed(1), 0.0)
    (decision,) = healer.after(5.0)
    heal_act.claimed(healer.state, decision.id, {"jid": "1"})
    heal_act.ended(healer.state, decision.id, True, "opened", (), healer.now)
    healer.thing = WRONG._replace(wrong=False)
    assert healer.after(61.0) == []
    (incident,) = healer.state.incidents.values()
    assert incident.state == "watching"
    return healer


def test_a_vault_that_was_opened_and_is_sealed_by_a_person_is_not_opened_again(opened):
    opened.thing = WRONG
    for _ in range(100):
        assert opened.after(61.0) == []
    assert opened.state.incidents == {}


def test_a_vault_that_was_opened_and_restarts_is_opened_again(opened):
    opened.thing = WRONG
    opened.core.arrive(2, _sealed(2), opened.now)
    assert [one for _ in range(30) for one in opened.after(5.0)]


def test_what_is_watched_and_is_gone_for_good_is_watched_for_a_day(opened):
    opened.thing = WRONG._replace(wrong=None, input=None)
    for _ in range(25):
        opened.after(3600.0)
    assert opened.state.incidents == {}


def _killed(number, limit):
    return {
        "id": f"e{number}", "event": "kernel/oom", "verb": "killed", "settled": True,
        "source": {"kind": "kernel"},
        "subject": {"minion": "n1", "job": "web", "group": "web", "task": "t", "unit": "u"},
        "verdict": {"cause": "own_limit", "is_attributed": True, "peak": limit, "limit": limit},
        "change": {}, "links": {"namespace": "apps"},
    }  # fmt: skip


def test_a_proposal_tells_the_newest_of_what_it_counts():
    healer = Healer(ENFORCE, TABLE)
    for number in range(1, 5):
        healer.core.arrive(number, _killed(number, str(number * 64 * 2**20)), 0.0)
    (one,) = [one for one in healer.state.incidents.values() if one.policy == "repeated_oom"]
    assert "limit of 256MiB 3 times in an hour; proposed, for a person to try: 384MiB" in one.says
