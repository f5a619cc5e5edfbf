"""Freezing, suspending and holding: at once, attributed, and refused where it cannot be meant."""

import json
import sqlite3

import pytest
from healed import ENFORCE, lost, reverted

from saltext.eos.utils import heal_claim, heal_clock


def _commands(healed):
    with sqlite3.connect(f"file:{healed.path}?mode=ro", uri=True) as db:
        return [(by, json.loads(text)) for by, text in db.execute("SELECT by, body FROM commands")]


def _decided(healed):
    healed.tell(lost(1))
    (decision,) = healed.after(20)
    return decision


def test_a_freeze_holds_from_the_moment_the_verb_answers(healed, run):
    decision = _decided(healed)
    found = run("freeze", reason="disks are being changed")
    assert "retcode" not in found
    assert found["comment"] == f"stack is frozen by {found['by']}."
    with pytest.raises(heal_claim.Refused, match=r"freeze by .*: disks are being changed"):
        heal_claim.claim(healed.path, decision.id, "resync", {"jid": "1"}, healed.clocks)


def test_without_a_freeze_the_same_claim_is_granted(healed):
    """Mutation of the test above."""
    decision = _decided(healed)
    assert heal_claim.claim(healed.path, decision.id, "resync", {"jid": "1"}, healed.clocks)


def test_a_thaw_names_what_it_ends_and_why_it_was(healed, run):
    run("freeze", reason="disks are being changed", **{"for": "4h"})
    found = run("thaw")
    assert found["ended"][0]["reason"] == "disks are being changed"
    assert "It was frozen by" in found["text"]
    assert "disks are being changed" in found["text"]
    healed.after(1)
    assert healed.store.state.rules == {}


def test_a_thaw_of_nothing_is_refused_with_what_is_frozen(healed, run):
    assert run("thaw")["comment"] == "there is nothing to thaw for stack; nothing at all is frozen"
    run("freeze", what="node:n1", reason="x", sure=True)
    said = run("thaw")
    assert (said["retcode"], run.context["retcode"]) == (2, 2)
    assert said["comment"].endswith("expected one of: node:n1")
    assert len(_commands(healed)) == 1


@pytest.mark.parametrize(
    ("verb", "arguments", "says"),
    [
        ("freeze", {}, "reason is missing"),
        ("freeze", {"reason": " "}, "reason is missing"),
        ("freeze", {"reason": "r" * 501}, "reason has 501 characters; expected 500 at most"),
        ("freeze", {"reason": "r", "for": "soon"}, "for is 'soon'; expected a span such as 90s"),
        ("freeze", {"reason": "r", "for": "0s"}, "for is '0s'; expected a span"),
        ("freeze", {"reason": "r", "fro": "2h"}, "fro is no option; expected one of reason, what"),
        ("suspend", {"reason": "r", "for": "2h"}, "what to suspend is missing"),
        ("suspend", {"what": "stack", "reason": "r"}, "for is missing; expected a span such as"),
        ("suspend", {"what": "stack", "for": "2h"}, "reason is missing"),
        ("suspend", {"what": "stack", "reason": "r", "for": "73h"}, "expected 72h at most"),
        ("hold", {"what": "stack", "reason": "r", "for": "2h"}, "a hold has no end"),
        ("hold", {"what": "stack", "reason": "r", "sure": "yes"}, "sure is 'yes'; expected True"),
        ("resume", {"what": "job:web"}, "there is nothing to resume for job:web"),
        ("release", {"what": "job:web", "now": True}, "now is no option; expected one of what"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_writes_nothing(healed, run, verb, arguments, says):
    said = run(verb, **arguments)
    assert says in said["comment"]
    assert said["text"] == said["comment"]
    assert (said["retcode"], run.context["retcode"]) == (2, 2)
    assert _commands(healed) == []


def test_a_suspension_ends_by_itself_and_is_released_before(healed, run):
    healed.tell(reverted(1))
    found = run("suspend", "job:web", reason="is being migrated", **{"for": "2h"})
    assert "It ends by itself in 2h" in found["text"]
    healed.after(1)
    (rule,) = healed.store.state.rules.values()
    assert (rule.kind, rule.what, round(rule.until - healed.store.now())) == (
        "suspend", "job:web", 7200,
    )  # fmt: skip
    assert run("resume", "job:web")["ended"][0]["reason"] == "is being migrated"


def test_a_name_that_nothing_goes_by_is_told_the_nearest(healed, run, monkeypatch):
    from saltext.eos.utils import master

    form = {"all": {"n1": {"components": {"consul": {"unit": "consul.service"}}}},
            "plan": {"apps": ["web"]}}  # fmt: skip
    monkeypatch.setattr(master, "form", lambda opts: form)
    said = run("suspend", "job:weeb", reason="r", **{"for": "2h"})
    assert "job:weeb is unknown (did you mean job:web?)" in said["comment"]
    said = run("hold", "web", reason="r")
    assert "(did you mean job:web or service:web?)" in said["comment"]
    said = run("hold", "unit:consul", reason="r")
    assert "(did you mean unit:consul.service?)" in said["comment"]
    assert _commands(healed) == []
    assert run("hold", "job:weeb", reason="r", sure=True)["what"] == "job:weeb"
    assert run("hold", "job:web@default", reason="r")["what"] == "job:web@default"


def test_a_pillar_that_does_not_compile_does_not_hinder_a_stop(healed, run):
    found = run("suspend", "job:web", reason="r", **{"for": "1h"})
    assert "The name was not checked, the pillar cannot be compiled" in found["text"]
    assert len(_commands(healed)) == 1


def test_while_the_engine_is_down_it_says_that_it_is_recorded(healed, run):
    assert "does not turn now" not in run("freeze", reason="r")["text"]
    healed.turns(at=heal_clock.read().wall - 60)
    found = run("freeze", reason="again")
    assert "does not turn now: this is recorded" in " ".join(found["text"].split())
    assert found["replaced"]["reason"] == "r"
    assert "It takes the place of what" in found["text"]


def test_it_says_what_runs_already_and_is_not_stopped(healed, run):
    decision = _decided(healed)
    heal_claim.claim(healed.path, decision.id, "resync", {"jid": "1"}, healed.clocks)
    found = run("freeze", reason="r")
    assert f"Already claimed, and not stopped by this: decision {decision.id}" in " ".join(
        found["text"].split()
    )


def test_who_did_it_is_the_user_of_salt_and_the_user_behind_sudo(healed, run, monkeypatch):
    monkeypatch.setenv("SUDO_USER", "alice")
    found = run("freeze", reason="r")
    assert found["by"] == "root (alice by sudo)"
    assert _commands(healed)[0][0] == found["by"]
    import saltext.eos.verbs.stack as anywhere

    monkeypatch.setattr(anywhere, "__user__", "bob", raising=False)
    assert run("freeze", reason="r")["by"] == "bob"


def test_a_file_that_cannot_be_trusted_takes_no_command_and_says_so(healed, run):
    healed.store.close()
    healed.path.write_bytes(b"not a database" * 100)
    said = run("freeze", reason="r")
    assert said["retcode"] == 1
    assert "cannot be trusted" in said["comment"]


def test_a_contended_thing_is_released_by_how_its_hash_begins(healed, run):
    from saltext.eos.utils.heal_state import Rule

    with healed.store.step(ENFORCE) as moment:
        healed.store.state.put_rule(
            Rule("contended", "ab" * 32, "job web: bob", "healer", moment.now)
        )
    assert run("release", "ab" * 5)["what"] == "ab" * 32
    healed.after(1)
    assert healed.store.state.rules == {}


@pytest.fixture
def both(healed, run):
    """The healer holds a specification of a job, and ann all healing of it."""
    from saltext.eos.utils.heal_state import Rule

    with healed.store.step(ENFORCE) as moment:
        for rule in (
            Rule("hold", "job:web@default", "its data", "ann", moment.now),
            Rule("hold", "job:web@default", "version 3 failed", "healer", moment.now, None, "a"),
        ):
            healed.store.state.put_rule(rule)
    return healed


def test_a_release_that_may_mean_two_holds_is_refused(both, run):
    """Mutation: end both, and what ann repairs, or what failed, goes on at once."""
    said = run("release", "job:web@default")
    assert said["retcode"] == 2
    assert "ann says 'its data' (of=person)" in said["comment"]
    assert "healer says 'version 3 failed' (of=healer)" in said["comment"]
    assert _commands(both) == []


@pytest.mark.parametrize(("of", "left"), [("person", "healer"), ("healer", "ann")])
def test_each_of_two_holds_is_released_by_itself(both, run, of, left):
    assert run("release", "job:web@default", of=of)["what"] == "job:web@default"
    both.after(1)
    assert [rule.by for rule in both.store.state.rules.values()] == [left]
    assert run("release", "job:web@default", of="nobody")["retcode"] == 2
    assert run("release", "job:web@default", of=of)["retcode"] == 2


@pytest.mark.parametrize(("lease", "is_now"), [(0.0, "stands by now"), (9e9, "heals now")])
def test_where_several_masters_heal_a_stop_says_on_which_one_it_counts(healed, run, lease, is_now):
    """Mutation: say nothing, and whoever froze the standby believes that all is frozen."""
    assert "masters" not in run("freeze", reason="SAN")["text"]
    with healed.store.step(ENFORCE):
        healed.store.state.healers, healed.store.state.lease = ["m1", "m2"], lease
    for verb, options in (("freeze", {"reason": "again"}), ("thaw", {})):
        text = " ".join(run(verb, **options)["text"].split())
        assert "The masters of m1, m2 heal, one at a time" in text
        assert is_now in text
        assert f"say `eos.{verb}` on each" in text
