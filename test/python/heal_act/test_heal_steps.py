"""Claim, act and verify between a real master and a real minion, from a decision made by hand."""

from __future__ import annotations

from waiting import until

from saltext.eos.utils import lock


def test_a_decision_is_claimed_acted_on_and_verified(healing):
    before, name = healing.acts(), healing.decide()
    status, steps = healing.heal(name)
    assert status == 0, steps
    assert healing.acts() == before + 1
    state, result = healing.decision(name)
    assert (state, result["ok"]) == ("done", True)
    assert "): changed done here; verified after" in result["says"]
    assert not (healing.store / "lock.json").exists()
    claimed = [one for one in healing.audit("claimed") if one["decision"] == name]
    assert len(claimed) == 1
    assert claimed[0]["by"]["jid"].startswith("20")


def test_test_mode_only_predicts(healing):
    before, name = healing.acts(), healing.decide()
    status, steps = healing.heal(name, "apply", "test=True")
    assert status == 0, steps
    assert steps["act"]["comment"] == "Would apply eos.consul on n1."
    assert healing.acts() == before
    assert healing.ask("SELECT state, claim FROM decisions WHERE id = ?", name) == [
        ("decided", None)
    ]


def test_what_was_never_decided_is_refused_before_the_lock(healing):
    before = healing.acts()
    status, steps = healing.heal("d-999")
    assert status != 0
    assert "it was never decided" in steps["claim"]["comment"]
    assert steps["lock"]["result"] is False
    assert healing.acts() == before


def test_a_decision_is_for_one_act(healing):
    before, name = healing.acts(), healing.decide()
    assert healing.heal(name)[0] == 0
    status, steps = healing.heal(name)
    assert status != 0
    assert "a decision is for one act" in steps["claim"]["comment"]
    assert healing.acts() == before + 1


def test_another_orchestration_cannot_act_on_what_this_one_claimed(healing):
    """Nor verify it, nor end it: whoever does not hold the claim changes nothing."""
    before, name = healing.acts(), healing.decide()
    mine = '{"jid": "1", "pid": 1, "started": "x", "user": "a"}'
    other = '{"jid": "2", "pid": 1, "started": "x", "user": "a"}'
    step = [f"decision={name}", "action=apply"]
    assert healing.runner("eos.claim", *step, f"orchestration={mine}")[0] == 0
    for verb in ("act", "verify"):
        code, said = healing.runner(f"eos.{verb}", *step, f"orchestration={other}")
        assert code != 0
        assert "is claimed by orchestration 1, not by 2" in said["comment"]
    code, said = healing.runner("eos.abandon", *step, f"orchestration={other}")
    assert said["comment"] == f"Decision {name} has ended already."
    assert healing.ask("SELECT count(*) FROM commands") == [(0,)]
    assert healing.acts() == before
    assert healing.runner("eos.abandon", *step, f"orchestration={mine}")[0] == 0
    assert healing.decision(name)[0] == "failed"


def test_without_an_orchestration_each_step_refuses(healing):
    name = healing.decide()
    for verb in ("claim", "act", "verify", "abandon"):
        code, said = healing.runner(f"eos.{verb}", f"decision={name}", "action=apply")
        assert code != 0
        assert said["comment"].startswith("this is a step of an orchestration")


def test_a_held_lock_ends_the_decision_with_its_holder(healing):
    before, name = healing.acts(), healing.decide()
    opts = {"eos_state_dir": str(healing.store)}
    lock.take(opts, "apply", "20260101", "somebody")
    try:
        status, _ = healing.heal(name)
    finally:
        lock.release(opts)
    assert status != 0
    state, result = healing.decision(name)
    assert state == "failed"
    assert "the stack lock is held by apply of somebody (job 20260101" in result["says"]
    assert healing.acts() == before


def test_an_act_that_fails_ends_its_decision_and_frees_the_lock(healing):
    name = healing.decide()
    (healing.home / "refuses").touch()
    status, _ = healing.heal(name)
    assert status != 0
    state, result = healing.decision(name)
    assert state == "failed"
    assert result["says"].startswith("apply failed: eos.consul on n1 failed (job ")
    assert not (healing.store / "lock.json").exists()


def test_a_node_that_the_stack_has_not_reaches_no_minion(healing):
    name = healing.decide(node="n1; reboot")
    assert healing.heal(name)[0] != 0
    assert "node 'n1; reboot' is not in the stack" in healing.decision(name)[1]["says"]


def test_what_is_not_wrong_any_more_is_not_touched(healing):
    before, name = healing.acts(), healing.decide()
    healing.show("", False, before=False)
    assert healing.heal(name)[0] != 0
    assert "it is not wrong any more" in healing.decision(name)[1]["says"]
    assert healing.acts() == before


def test_what_is_wrong_still_ends_as_failed(healing):
    name = healing.decide()
    healing.show("", True)
    assert healing.heal(name)[0] != 0
    state, result = healing.decision(name)
    assert state == "failed"
    assert "not verified within 6 s: it is still wrong" in result["says"]


def test_a_view_that_is_not_whole_proves_nothing(healing):
    name = healing.decide()
    healing.show("consul", False)
    assert healing.heal(name)[0] != 0
    assert "blocked: consul did not answer wholly" in healing.decision(name)[1]["says"]


def test_frozen_between_claim_and_act_nothing_is_done(healing):
    before, name = healing.acts(), healing.decide()
    who = '{"jid": "1", "pid": 1, "started": "x", "user": "a"}'
    step = [f"decision={name}", "action=apply", f"orchestration={who}"]
    assert healing.runner("eos.claim", *step)[0] == 0
    from saltext.eos.utils import heal_claim

    heal_claim.tell(healing.path, {"verb": "freeze", "what": "stack", "reason": "look"}, "me")
    try:
        code, said = healing.runner("eos.act", *step)
        assert code != 0
        assert "freeze by me: look" in said["comment"]
        assert healing.acts() == before
        assert healing.decision(name)[0] == "failed"
    finally:
        heal_claim.tell(healing.path, {"verb": "thaw", "what": "stack"}, "me")
        healing.engine()


def test_a_decided_event_starts_it_through_the_reactor(healing):
    before, name = healing.acts(), healing.decide()
    fired = healing.run(
        "salt-run", "event.send", "eos/heal/decided/apply", f'data={{"decision": "{name}"}}'
    )
    assert fired.returncode == 0, fired.stderr
    until(lambda: healing.decision(name)[0] == "done", 60)
    assert healing.acts() == before + 1
    (claimed,) = [one for one in healing.audit("claimed") if one["decision"] == name]
    assert claimed["by"]["user"] == "Reactor"


def test_a_component_is_applied_and_its_job_is_an_effect(healing):
    healing.sls("changed here:\n  test.succeed_with_changes\n")
    name = healing.decide()
    assert healing.heal(name)[0] == 0
    state, result = healing.decision(name)
    assert state == "done"
    (job,) = result["effects"]
    assert f"applied eos.consul on n1 (job {job}): changed changed here; verified" in result["says"]


def test_an_apply_that_fails_says_which_state(healing):
    healing.sls("broken here:\n  test.fail_without_changes:\n    - comment: no disk\n")
    name = healing.decide()
    assert healing.heal(name)[0] != 0
    state, result = healing.decision(name)
    assert state == "failed"
    assert "broken here: no disk" in result["says"]


def test_an_apply_without_a_file_fails(healing):
    healing.sls("{}\n")
    name = healing.decide()
    assert healing.heal(name)[0] != 0
    assert healing.decision(name)[0] == "failed"
