"""Each check of the pipeline holds back what it is for, and says why."""

from __future__ import annotations

import pytest
from healing import ENFORCE, TABLE, WRONG, Healer, policy

from saltext.eos.utils import (
    heal_act,
    heal_budget,
    heal_command,
    heal_judge_truth,
    heal_policy,
    heal_settings,
)


def test_a_fault_is_decided_after_five_quiet_seconds():
    healer = Healer()
    healer.tell("nomad/alloc/failed")
    assert healer.after(4.0) == []
    (decision,) = healer.after(1.0)
    assert decision.action == "evaluate"
    assert decision.subject["subject.job"] == "web"
    assert [one["name"] for one in decision.checks] == [
        "dedupe", "debounce", "own", "complete", "layer_below", "still_wrong", "required",
        "frozen", "suspended", "mode", "mass_failure", "contended", "breaker", "cool_down",
        "attempts", "blast", "bucket",
    ]  # fmt: skip
    assert {one["result"] for one in decision.checks} == {"passed"}


def test_facts_that_keep_coming_delay_it_by_twenty_seconds_at_most():
    healer = Healer()
    for _ in range(20):
        healer.tell("nomad/alloc/failed")
        if healer.after(1.0):
            break
    assert healer.now == 20.0


@pytest.mark.parametrize(
    ("thing", "changed", "why"),
    [
        (WRONG, {"blocked": "consul"}, "complete: blocked: consul did not answer wholly"),
        (WRONG, {"at": 0.0}, "complete: the view is older than the fact, or than 30 s"),
        (WRONG._replace(layer=None), {}, "layer_below: whether Nomad and Consul are done with it"),
        (WRONG._replace(layer="progress"), {}, "layer_below: Nomad or Consul is not done"),
        (WRONG._replace(wrong=None), {}, "still_wrong: whether it is still wrong"),
        (WRONG._replace(input=None), {}, "still_wrong: whether it is still wrong"),
        (WRONG, {"unhealthy": 41}, "mass_failure: 41 of 100 jobs are unhealthy"),
        (WRONG, {"unhealthy": 101}, "mass_failure: 101 of 100 jobs unhealthy cannot be"),
        (WRONG, {"managed": 0, "unhealthy": 0}, "mass_failure: 0 of 0"),
        (WRONG, {"red": "vault"}, "mass_failure: vault is down"),
    ],
)
def test_what_is_not_known_or_shared_never_acts(thing, changed, why):
    healer = Healer()
    healer.now = 100.0
    healer.tell("nomad/alloc/failed")
    healer.thing, healer.changed = thing, changed
    for _ in range(20):
        assert healer.after(6.0) == []
    assert healer.why().startswith(why)


def test_forty_of_a_hundred_is_not_a_mass_failure():
    healer = Healer()
    healer.changed = {"unhealthy": 40}
    healer.tell("nomad/alloc/failed")
    assert len(healer.after(5.0)) == 1


def test_what_heals_by_itself_is_closed_without_an_act():
    healer = Healer()
    healer.thing = WRONG._replace(wrong=False)
    healer.tell("nomad/alloc/failed")
    assert healer.after(5.0) == []
    assert healer.state.incidents == {}
    assert healer.state.lines[-1][1]["why"] == "it is not wrong, or not any more"


def test_the_layer_below_has_ten_minutes():
    healer = Healer()
    healer.thing = WRONG._replace(layer="progress")
    healer.tell("nomad/alloc/failed")
    while not healer.after(5.0):
        assert healer.now < 700.0
    assert 600.0 <= healer.now <= 620.0


def test_what_the_clock_ends_is_looked_at_in_that_moment():
    # Fails when it is only looked at again every five seconds, or before its time.
    healer = Healer()
    healer.thing = WRONG._replace(layer="progress", left=2.0)
    healer.tell("nomad/alloc/failed")
    assert healer.after(5.0) == []
    healer.thing = WRONG
    assert healer.after(1.9) == []
    assert len(healer.after(0.1)) == 1


def test_a_layer_that_never_gave_up_is_not_taken_over():
    table = {"x": policy(["nomad/alloc/failed"], {"do": "evaluate"}, layer_below="exhausted")}
    healer = Healer(table=table)
    healer.tell("nomad/alloc/failed")
    while healer.state.incidents:
        assert healer.after(5.0) == []
    found = healer.state.lines[-1][1]["why"]
    assert found.endswith("by themselves; it never was so that Nomad has no attempt left")
    assert heal_judge_truth.is_too_early(found)
    # An audit of before is read as well.
    assert heal_judge_truth.is_too_early("the layer below is settled, it never was exhausted")


def test_what_only_a_check_tells_is_said_once_it_has_passed():
    # Fails when a note says no more than its fact, or says it before.
    table = {"x": policy(["nomad/alloc/failed"], {"do": "report"}, layer_below="exhausted")}
    healer = Healer(table=table)
    healer.thing = WRONG._replace(layer="exhausted")
    healer.tell("nomad/alloc/failed")
    healer.after(5.0)
    says = {kind: body["says"] for kind, body in healer.state.lines if "says" in body}
    assert says == {"opened": "web failed", "note": "web failed; Nomad has no attempt left"}


@pytest.mark.parametrize("what", ["stack", "job:web", "job:web@default", "policy:evaluate"])
@pytest.mark.parametrize(
    ("verb", "back"), [("freeze", "thaw"), ("suspend", "resume"), ("hold", "release")]
)
def test_people_stop_it_by_any_of_its_names_and_let_it_go_on(verb, back, what):
    healer = Healer()
    healer.tell("nomad/alloc/failed")
    command = {"verb": verb, "what": what, "reason": "maintenance", "seconds": 3600}
    heal_command.obey(healer.state, command, "ann", healer.now, ENFORCE)
    for _ in range(30):
        assert healer.after(61.0) == []
    assert "by ann: maintenance" in healer.why()
    heal_command.obey(healer.state, {"verb": back, "what": what}, "ann", healer.now, ENFORCE)
    assert len(healer.after(60.0)) == 1


@pytest.mark.parametrize(("by", "is_shorter"), [("ben", False), ("ann", True)])
def test_nobody_shortens_what_another_has_stopped(by, is_shorter):
    healer = Healer()
    freeze = {"verb": "freeze", "what": "stack", "reason": "SAN"}
    heal_command.obey(healer.state, freeze, "ann", 0.0, ENFORCE)
    short = {**freeze, "reason": "a look", "seconds": 300}
    if is_shorter:
        heal_command.obey(healer.state, short, by, 1.0, ENFORCE)
    else:
        with pytest.raises(heal_command.Refused, match="what ann said about stack lasts longer"):
            heal_command.obey(healer.state, short, by, 1.0, ENFORCE)
    rule = healer.state.rules["freeze", "stack", ""]
    assert (rule.until, rule.reason) == ((301.0, "a look") if is_shorter else (None, "SAN"))


def test_a_suspension_ends_by_itself():
    healer = Healer()
    healer.tell("nomad/alloc/failed")
    command = {"verb": "suspend", "what": "job:web", "reason": "x", "seconds": 100}
    heal_command.obey(healer.state, command, "ann", 0.0, ENFORCE)
    assert healer.after(99.0) == []
    assert len(healer.after(61.0)) == 1
    assert "rule_ended" in healer.kinds()


@pytest.mark.parametrize(
    "body",
    [
        {"verb": "suspend", "what": "job:web", "reason": "x"},
        {"verb": "suspend", "what": "job:web", "reason": "x", "seconds": 72 * 3600 + 1},
        {"verb": "suspend", "what": "job:web", "reason": " ", "seconds": 60},
        {"verb": "freeze", "what": "", "reason": "x"},
        {"verb": "freeze", "what": "stack", "reason": "x", "seconds": float("inf")},
        {"verb": "freeze", "what": "stack", "reason": "x", "seconds": float("nan")},
        {"verb": "act", "what": "stack"},
        {"verb": "result", "decision": "d", "ok": "yes"},
    ],
)
def test_a_command_without_end_reason_or_sense_is_refused(body):
    with pytest.raises(heal_command.Refused):
        heal_command.checked(body)


@pytest.mark.parametrize("mode", ["observe", "warn"])
def test_observe_does_all_but_the_act(mode):
    settings = heal_settings.read({"mode": mode})
    healer = Healer(settings)
    healer.tell("nomad/alloc/failed")
    assert healer.after(5.0) == []
    kinds = healer.kinds()
    assert "would" in kinds
    assert "decided" not in kinds
    (body,) = [body for kind, body in healer.state.lines if kind == "would"]
    assert body["action"] == "evaluate"
    assert len(body["checks"]) == 17
    assert healer.state.bucket("act").tokens == 5


@pytest.mark.parametrize(
    ("stack", "jobs", "acts"),
    [
        ("observe", {"web": "enforce"}, 1),
        ("enforce", {"web": "observe"}, 0),
        ("observe", {"api": "enforce"}, 0),
    ],
)
def test_the_mode_of_a_job_is_its_own(stack, jobs, acts):
    healer = Healer(heal_settings.read({"mode": stack, "jobs": jobs}))
    healer.tell("nomad/alloc/failed")
    assert len(healer.after(5.0)) == acts


def test_a_component_keeps_its_mode():
    settings = heal_settings.read({"mode": "enforce", "components": {"vault": "observe"}})
    healer = Healer(settings)
    healer.tell("host/unit/failed", minion="n1")
    assert healer.after(5.0) == []
    assert "would" in healer.kinds()


def test_only_one_act_is_under_way():
    healer = Healer()
    healer.tell("nomad/alloc/failed", "web")
    healer.tell("nomad/alloc/failed", "api")
    assert len(healer.after(5.0)) == 1
    assert healer.after(5.0) == []


def test_while_the_stack_lock_is_held_nothing_is_decided_and_no_token_is_spent():
    healer = Healer()
    healer.state.locked = "apply of ann (job 2026, process 7), for 12 s; its lease ends in 9 s"
    healer.tell("nomad/alloc/failed")
    assert healer.after(5.0) == []
    assert healer.why().startswith("blast: the stack lock is held by apply of ann (job 2026")
    assert healer.state.bucket("act").tokens == 5
    healer.state.locked = ""
    assert len(healer.after(5.0)) == 1


@pytest.mark.parametrize("is_first", [True, False])
def test_what_a_person_holds_and_what_the_healer_does_each_end_by_themselves(is_first):
    """Mutation: keep rules by kind and name alone, and the later one ends the earlier one."""
    healer = Healer()
    hold = {"verb": "hold", "what": "job:web@default", "reason": "its data"}
    if is_first:
        heal_command.obey(healer.state, hold, "ann", 0.0, ENFORCE)
    healer.tell("nomad/deployment/reverted")
    healer.after(20.0)
    if not is_first:
        heal_command.obey(healer.state, hold, "ann", healer.now, ENFORCE)
    held = {(rule.by, rule.input) for rule in healer.state.rules.values()}
    assert held == {("ann", ""), ("healer", "spec-a")}
    release = {"verb": "release", "what": "job:web@default", "of": "person"}
    heal_command.obey(healer.state, release, "ann", healer.now, ENFORCE)
    assert [rule.by for rule in healer.state.rules.values()] == ["healer"]
    heal_command.obey(healer.state, {**release, "of": "healer"}, "ann", healer.now, ENFORCE)
    assert healer.state.rules == {}


def test_of_two_specifications_that_failed_the_newer_is_held():
    healer = Healer()
    for spec in ("spec-a", "spec-b"):
        healer.thing = WRONG._replace(input=spec)
        healer.tell("nomad/deployment/reverted")
        healer.after(4000.0)
    assert [rule.input for rule in healer.state.rules.values()] == ["spec-b"]


@pytest.mark.parametrize("unknown", [{"wrong": None}, {"input": None}], ids=["wrong", "input"])
def test_what_is_not_known_is_not_held_for_every_input(unknown):
    healer = Healer()
    healer.thing = WRONG._replace(**unknown)
    healer.tell("nomad/deployment/reverted")
    for _ in range(20):
        healer.after(15.0)
    assert healer.state.rules == {}
    assert healer.why().startswith("still_wrong: whether it is still wrong")
    healer.thing = WRONG
    healer.after(60.0)
    ((_, rule),) = healer.state.rules.items()
    assert (rule.kind, rule.what, rule.input) == ("hold", "job:web@default", "spec-a")


def test_a_tenth_of_the_jobs_within_the_hour():
    healer = Healer(heal_settings.read({"mode": "enforce", "bucket": {"size": 100}}))
    healer.state.buckets["act"] = _bucket(100)
    healer.changed = {"managed": 20, "unhealthy": 3}
    for job in ("a", "b", "c"):
        healer.tell("nomad/alloc/failed", job)
    for _ in range(220):
        for one in healer.after(15.0):
            _finished(healer, one.id, ok=True)
    assert {body["job"] for body in healer.decided()} == {"a", "b"}
    for one in [*healer.state.incidents.values()]:
        if one.names[0] != "job:c@default":
            heal_act.close(healer.state, one, "well", healer.now)
    for _ in range(240):
        for one in healer.after(15.0):
            _finished(healer, one.id, ok=True)
    assert {body["job"] for body in healer.decided()} == {"a", "b", "c"}


def test_a_note_is_made_in_observe_and_under_a_freeze_but_not_too_often():
    healer = Healer(heal_settings.read({}))
    heal_command.obey(
        healer.state, {"verb": "freeze", "what": "stack", "reason": "x"}, "ann", 0.0, ENFORCE
    )
    for _ in range(60):
        healer.tell("nomad/alloc/lost")
        healer.after(1.0)
    assert healer.kinds().count("note") == 1
    for _ in range(60):
        healer.tell("nomad/alloc/lost")
        healer.after(1.0)
    assert healer.kinds().count("note") == 2


def test_a_core_victim_freezes_before_anything_acts():
    healer = Healer()
    healer.tell("nomad/alloc/failed")
    healer.tell("kernel/oom/killed", unit="vault.service")
    assert healer.after(5.0) == []
    assert healer.why().startswith("frozen: stack is frozen by healer")
    healer.after(900.0)
    assert healer.after(60.0) or healer.decided()


def test_every_policy_of_the_wheel_can_be_judged():
    from saltext.eos.policies.table import TABLE as GENERATED

    for name, held in GENERATED.items():
        heal_policy.pace_of(held, ENFORCE)
        assert heal_policy.is_deed(held) or held["act"]["do"] in (
            "propose", "freeze", "hold", "suspect", "report", "alarm", "watch",
        ), name  # fmt: skip
    assert set(TABLE["watch"]) <= set(GENERATED["leaf_oom"])


def _bucket(tokens):
    return heal_budget.Bucket(tokens, 0.0)


def _finished(healer, decision, *, ok):
    heal_act.claimed(healer.state, decision, {"jid": "1"})
    assert heal_act.ended(healer.state, decision, ok, "verified", (), healer.now)


def test_two_policies_that_touch_one_unit_share_its_pause():
    apply = {"do": "apply", "component": "vault"}
    table = {
        "sealed": policy(["host/seal/sealed"], apply, ["subject.minion", "subject.job"]),
        "failed": policy(["host/unit/failed"], apply, ["subject.minion"]),
    }
    healer = Healer(table=table)
    healer.tell("host/seal/sealed", minion="n1")
    (one,) = healer.after(5.0)
    _finished(healer, one.id, ok=False)
    healer.tell("host/unit/failed", minion="n1")
    assert healer.after(59.0) == []
    again = [one for _ in range(10) for one in healer.after(15.0)]
    assert again[0].thing == one.thing


def test_a_closed_window_holds_it_back_until_it_opens():
    windows = {"night": {"kind": "allow", "days": "thu", "opens": "01:00", "lasts": "2h"}}
    healer = Healer(heal_settings.read({"mode": "enforce", "windows": windows}))
    healer.tell("nomad/alloc/failed")  # Thursday the first of 1970, midnight
    for _ in range(59):
        assert healer.after(60.0) == []
    assert healer.why() == "suspended: no window allows it now"
    assert len(healer.after(60.0)) == 1
    deny = {**windows, "day": {"kind": "deny", "opens": "00:30", "lasts": "1h"}}
    healer = Healer(heal_settings.read({"mode": "enforce", "windows": deny}))
    healer.tell("nomad/alloc/failed")
    while not healer.after(60.0):
        assert healer.now < 6000.0
    assert healer.now >= 5400.0


def test_a_view_of_before_the_fact_says_nothing_about_it():
    healer = Healer()
    healer.now = 100.0
    healer.tell("nomad/alloc/failed")
    healer.changed = {"at": 99.0}
    assert healer.after(6.0) == []
    assert healer.why().startswith("complete: the view is older than the fact")
    healer.changed = {"at": 100.0}
    assert len(healer.after(15.0)) == 1


@pytest.mark.parametrize(
    "unknown", [{"wrong": None}, {"layer": None}, {"input": None}], ids=["wrong", "layer", "input"]
)
def test_what_nobody_knows_is_looked_at_ever_later_and_left_after_a_day(unknown):
    healer = Healer()
    healer.thing = WRONG._replace(**unknown)
    healer.tell("nomad/alloc/failed")
    healer.after(6.0)
    pauses = []
    while healer.state.incidents:
        (incident,) = healer.state.incidents.values()
        pauses.append(incident.due - healer.now)
        healer.after(pauses[-1] + 0.001)
        assert len(pauses) < 400
    pauses = [round(one, 1) for one in pauses]
    assert (pauses[0], max(pauses)) == (15.0, 300.0)
    assert pauses[:50] == sorted(pauses[:50])
    closed = [body["why"] for kind, body in healer.state.lines if kind == "closed"]
    assert closed[0].startswith("for 24 h ")
    assert healer.now < 86_400.0 + 600.0


def test_a_short_wait_for_others_gives_up_no_act_and_forgets_no_echo():
    healer = Healer(heal_settings.read({"mode": "enforce", "healer_wait": "30s"}))
    healer.tell("nomad/alloc/failed")
    (decision,) = healer.after(5.0)
    heal_act.claimed(healer.state, decision.id, {"jid": "1", "acts": True})
    for _ in range(20):
        healer.after(30.0)
    assert decision.state == "claimed"
    assert heal_act.ended(healer.state, decision.id, True, "well", ("ev-1",), healer.now)
    healer.after(300.0)
    told = {"id": "x", "links": {"evaluation": "ev-1"}}
    assert heal_act.echo(healer.state, told, healer.now, healer.core.settings) == decision.id
