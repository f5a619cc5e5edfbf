"""Freezing, suspending and holding: at once, attributed, and refused where it cannot be meant."""

import json
import sqlite3
from pathlib import Path

import pytest
from healed import ENFORCE, lost, reverted

from saltext.eos.utils import heal_claim, heal_clock, heal_report


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
        ("freeze", {"reason": "r", "fro": "2h"}, "fro is no option; expected one of what, reason"),
        ("freeze", {"what": "node:n1"}, "reason is missing"),
        ("freeze", {"reason": "r", "for": "4000d"}, "expected 30d at most"),
        ("freeze", {"what": "policy:unit_fail", "reason": "r", "sure": True}, "unit_failed?)"),
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


def test_a_freeze_takes_the_name_first_like_every_other_verb(healed, run):
    """Mutation: take the reason first, and `eos.freeze node:n1` stops the whole stack."""
    found = run("freeze", "node:n1", reason="its disks", sure=True)
    assert (found["what"], found["reason"]) == ("node:n1", "its disks")
    assert "`salt-run eos.thaw node:n1` takes it back" in " ".join(found["text"].split())
    said = run("freeze", "the disks")
    assert said["retcode"] == 2
    assert "'the disks' is no name" in said["comment"]
    assert "a reason stands behind reason=" in said["comment"]
    assert len(_commands(healed)) == 1


def test_all_that_is_missing_is_told_at_once(healed, run):
    """Mutation: raise the first one alone."""
    assert [line.partition(";")[0] for line in run("suspend")["comment"].splitlines()] == [
        "what to suspend is missing", "for is missing", "reason is missing",
    ]  # fmt: skip
    assert _commands(healed) == []


@pytest.mark.parametrize(
    ("verb", "options"), [("freeze", {}), ("suspend", {"for": "1h"}), ("hold", {})]
)
def test_the_line_that_takes_it_back_is_one_that_is_taken(healed, run, verb, options):
    """Mutation: leave out `stack`, which a release and a resume do not guess."""
    text = " ".join(run(verb, "stack", reason="r", **options)["text"].split())
    line = text.partition("`salt-run eos.")[2].partition("`")[0]
    assert "retcode" not in run(*line.split())


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


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("component:consul@n1", "component:consul@n1 is unknown (did you mean component:consul?)"),
        ("service:web@default", "service:web@default is unknown (did you mean service:web?)"),
        ("policy:lost_registration@n1", "policy:lost_registration@n1 is unknown (did you mean"),
        ("job:web@default", "job:web@default is unknown (did you mean job:web or job:web@apps?)"),
    ],
)
def test_only_a_job_is_stopped_in_a_namespace_and_in_its_own(healed, run, monkeypatch, name, says):
    """Mutation: cut what follows the @ off every name: what is told to be stopped is not."""
    from saltext.eos.utils import master

    each = {"web": {"values": {"namespace": "apps"}}}
    parts = {"consul": {"unit": "consul.service"}, "app": {"each": each}}
    form = {"all": {"n1": {"components": parts}}, "plan": {"apps": ["web"]}}
    monkeypatch.setattr(master, "form", lambda opts: form)
    for known in ("job:web@apps", "job:web-db@apps", "job:eos-canary@default"):
        assert run("explain", known)["name"] == known
    said = run("freeze", name, reason="r")
    assert said["retcode"] == 2
    assert says in said["comment"]
    assert run("explain", name)["retcode"] == 2
    assert _commands(healed) == []


def test_a_policy_of_an_older_wheel_is_explained_as_far_as_it_is_known(healed, run):
    """Mutation: look it up in the table without a doubt, a traceback of Salt."""
    from saltext.eos.utils.heal_state import Rule

    with healed.store.step(healed.settings) as moment:
        healed.store.state.put_rule(Rule("hold", "policy:was_once", "r", "ann", moment.now))
    found = run("explain", "policy:was_once")
    assert found["policy"] is None
    assert "by ann since" in found["text"]


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
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    monkeypatch.setattr("saltext.eos.utils.asker.LOGIN", Path("/nobody/logged/in"))
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


def _given_up(healed, node="n1"):
    """Let three acts on one input not help."""
    for _ in range(3):
        one = lost(healed.row + 1)
        healed.act_on({**one, "subject": {**one["subject"], "node": node}}, ok=False)


WHAT = "resync of job:shop, service:web, component:consul, node:n1"


def _open(healed):
    return [name for name, key in healed.store.state.keys.items() if key.breaker != "closed"]


def test_a_release_closes_an_open_breaker(healed, run):
    """Mutation: know only of rules, and whoever found the cause waits for an hour."""
    _given_up(healed)
    said = run("release", "job:shop")
    assert f"Breaker closed: {WHAT}; it may be acted on again" in " ".join(said["text"].split())
    assert said["changes"] == {"job:shop": {"old": "given up", "new": None}}
    healed.after(1)
    assert run("release", "job:shop")["retcode"] == 2
    (line,) = run("audit", kind="breaker_closed")["lines"]
    assert (line["body"]["by"], line["body"]["what"]) == ("root", WHAT)


@pytest.mark.parametrize("is_kept", [True, False])
def test_what_status_says_closes_a_breaker_of_which_nothing_is_open(healed, run, opts, is_kept):
    """
    Mutations: look for its thing among what is in memory, or is kept: the line that is shown is
    refused, and what needs a person needs one for ever.
    """
    _given_up(healed)
    (incident,) = healed.store.state.incidents.values()
    with healed.store.step(healed.settings) as moment:
        healed.core._close(incident, "for too long nothing was known of it", moment.now)
    for _ in range(25):
        healed.after(60)
    assert not healed.store.state.incidents
    assert not healed.store.state.decisions
    if not is_kept:
        with sqlite3.connect(healed.path) as db:
            db.executescript("DELETE FROM decisions; DELETE FROM incidents")
    (need,) = heal_report.report(opts, {})["needs"]
    about = f"{WHAT}: 3 acts on the same input (3 did not help); the next is tried in "
    assert need.startswith(about) if is_kept else "()" not in need
    line = need.partition("`salt-run eos.")[2].partition("`")[0]
    said = run(*line.split())
    assert "retcode" not in said
    assert heal_report.report(opts, {})["needs"] == []
    healed.after(1)
    assert _open(healed) == []


@pytest.fixture
def two(healed):
    """Two things under one name are given up, each on a node of its own."""
    _given_up(healed, "n1")
    _given_up(healed, "n2")
    assert len(_open(healed)) == 2
    return healed


def test_the_line_about_one_thing_closes_its_breaker_alone(two, run, opts):
    """Mutation: print a name; the breaker of the same unit on each node is closed with it."""
    (need,) = [one for one in heal_report.report(opts, {})["needs"] if "node:n1" in one]
    said = run(*need.partition("`salt-run eos.")[2].partition("`")[0].split())
    assert said["text"].count("Breaker closed: ") == 1
    assert WHAT in " ".join(said["text"].split())
    two.after(1)
    (left,) = heal_report.report(opts, {})["breakers"]
    assert left["what"] == WHAT.replace("n1", "n2")


def test_a_name_of_several_says_of_each_that_its_breaker_is_closed(two, run):
    """Mutation: say it once, whatever is closed."""
    text = " ".join(run("release", "service:web")["text"].split())
    assert f"Breaker closed: {WHAT};" in text
    assert f"Breaker closed: {WHAT.replace('n1', 'n2')};" in text
    two.after(1)
    assert _open(two) == []


def test_who_releases_what_is_held_closes_no_breaker_by_the_way(healed, run):
    """Mutation: close all under a name; whatever was given up on a node is acted on again."""
    _given_up(healed)
    run("hold", "node:n1", reason="its disks are being changed")
    said = run("release", "node:n1")
    (thing,) = [name.partition(":")[2][:12] for name in _open(healed)]
    text = " ".join(said["text"].split())
    assert f"Breaker still open: {WHAT}; `salt-run eos.release {thing}` closes it." in text
    assert said["breakers"] == []
    healed.after(1)
    assert healed.store.state.rules == {}
    assert len(_open(healed)) == 1
    # Whoever says it again means it.
    assert len(run("release", "node:n1")["breakers"]) == 1
    healed.after(1)
    assert _open(healed) == []


@pytest.mark.parametrize("what", ["stack", "policy:lost_registration"])
def test_no_name_of_many_closes_a_breaker(healed, run, what):
    """Mutation: take every name that a thing goes by."""
    _given_up(healed)
    assert run("release", what)["retcode"] == 2
    assert run("release", "job:shop", of="person")["retcode"] == 2
    assert _commands(healed) == []


def test_an_incident_does_not_say_that_it_is_held_once_it_is_released(healed, run):
    """Mutation: show the sentence of the last look, whatever was said since."""
    run("hold", "node:n1", reason="is being rebuilt", sure=True)
    healed.tell(lost(1))
    healed.after(20)
    (row,) = run("incidents")["incidents"]
    assert row["why"] == "suspended: node:n1 is held by root: is being rebuilt"
    run("release", "node:n1")
    (row,) = run("incidents")["incidents"]
    assert row["why"].endswith("(this is over, it is judged anew)")
