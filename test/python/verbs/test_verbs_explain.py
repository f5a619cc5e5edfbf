"""What eos.explain tells of an incident, a decision and an event: all of it, and what to do."""

import pytest
from healed import WRONG, Healed, lost, reverted

from saltext.eos.utils import heal_claim, heal_settings
from saltext.eos.utils.heal_report_text import WIDTH


def _acted(healed):
    """Decide, claim and end one act."""
    healed.tell(lost(1))
    (decision,) = healed.after(20)
    who = {"jid": "20261121", "pid": 7, "user": "salt"}
    heal_claim.claim(healed.path, decision.id, "resync", who, healed.clocks)
    healed.thing = WRONG._replace(wrong=False)
    healed.after(5)
    result = {"verb": "result", "decision": decision.id, "ok": True, "says": "it is registered",
              "effects": ["ev-1"]}  # fmt: skip
    heal_claim.tell(healed.path, result, "orchestration 20261121", healed.clocks)
    healed.after(1)
    return decision


def test_a_decision_is_explained_from_its_facts_to_its_result(healed, run):
    decision = _acted(healed)
    found = run("explain", decision.id)
    (one,) = found["decisions"]
    assert one["checks"][0]["name"] == "dedupe"
    assert one["checks"][-1]["name"] == "bucket"
    assert {check["result"] for check in one["checks"]} == {"passed"}
    assert (one["state"], one["claim"]["jid"]) == ("done", "20261121")
    assert one["result"]["effects"] == ["ev-1"]
    kinds = [line["kind"] for line in found["audit"]]
    assert kinds == ["opened", "decided", "fired", "claimed", "result"]
    text = " ".join(found["text"].split())
    assert "claimed by user salt, jid 20261121, pid 7" in text
    assert "result well: it is registered; after 6s" in text
    assert "brought about ev-1" in text
    assert "ok still_wrong it was read again and is still wrong" in text
    assert "to do - Nothing: it is well, and watched" in text
    assert max(map(len, found["text"].splitlines())) <= WIDTH


def test_an_id_may_be_told_by_how_it_begins(healed, run):
    decision = _acted(healed)
    incident = decision.incident
    assert run("explain", incident[:8])["incident"]["id"] == incident
    assert run("explain", decision.id)["incident"]["id"] == incident
    said = run("explain", incident[:5])
    assert said["retcode"] == 2
    assert "no incident, decision or event has that id" in said["comment"]


def test_two_ids_that_begin_the_same_are_both_named(healed, run):
    _acted(healed)
    healed.thing = WRONG
    healed.tell(lost(2, "_nomad-task-2"))
    healed.after(60)
    while healed.names < 2:
        healed.after(600)
    said = run("explain", "0" * 20)
    assert said["retcode"] == 2
    assert (
        "is the beginning of 000000000000000000000001, 000000000000000000000002" in said["comment"]
    )


def test_an_incident_that_waits_tells_the_check_that_stops_it(healed, run):
    run("hold", "node:n1", reason="is being rebuilt", sure=True)
    healed.tell(lost(1))
    healed.after(20)
    (incident,) = healed.store.state.incidents.values()
    found = run("explain", incident.id)
    assert found["checks"][-1]["name"] == "suspended"
    assert found["checks"][-1]["result"] == "waits"
    assert found["stopped_by"].startswith("suspended: node:n1 is held by root")
    assert found["do"][0].startswith("`salt-run eos.release node:n1` once it may be touched: it is")
    assert len(found["do"]) == 2
    assert "{" not in found["do"][1]
    text = " ".join(found["text"].split())
    assert "waits suspended node:n1 is held by root" in text
    assert "stopped suspended: node:n1 is held" in text


def test_all_that_stops_it_is_told_each_with_the_command_that_ends_it(healed, run):
    # Fails when only the rule that the check met first is told: after its end one would wait again.
    run("hold", "node:n1", reason="is being rebuilt", sure=True)
    run("suspend", "component:consul", reason="is upgraded", sure=True, **{"for": "72h"})
    healed.tell(lost(1))
    healed.after(20)
    (incident,) = healed.store.state.incidents.values()
    found = run("explain", incident.id)
    assert {one["what"] for one in found["stops"]} == {"node:n1", "component:consul"}
    do = " ".join(found["do"])
    assert "`salt-run eos.release node:n1`" in do
    assert "`salt-run eos.resume component:consul`" in do
    text = " ".join(found["text"].split())
    assert "rule component:consul is suspended by root" in text


def test_what_is_waited_for_and_what_to_do_do_not_exclude_each_other(healed, run):
    # Fails when "Nothing" stands beside an order without a word on when which of them holds.
    healed.thing = WRONG._replace(layer="progress")
    healed.tell(lost(1))
    healed.after(20)
    (incident,) = healed.store.state.incidents.values()
    first, second = run("explain", incident.id)["do"]
    assert first.startswith("Nothing yet: ")
    assert second.startswith("If it stays so, or cannot wait: See in `nomad alloc status")


def test_a_note_that_is_over_still_says_what_it_asks(healed, run):
    # Fails when an incident that was closed by telling people of it is explained as over.
    healed.tell(reverted(1))
    healed.after(20)
    (row,) = run("incidents")["incidents"]
    assert (row["state"], row["why"]) == ("closed", "noted: hold")
    found = run("explain", row["id"])
    assert found["do"][0].startswith("Look why the allocations of version")
    assert found["do"][1].startswith("`salt-run eos.release job:web@default` once it may be")
    assert "rule job:web@default is held by healer" in " ".join(found["text"].split())
    assert {type(one["moment"]) for one in found["audit"]} == {str}


def test_in_observe_it_says_that_nothing_was_done(home, run):
    home.mkdir()
    healed = Healed(home, heal_settings.Settings())
    healed.tell(lost(1))
    assert healed.after(20) == []
    (incident,) = healed.store.state.incidents.values()
    found = run("explain", incident.id)
    assert found["decisions"][0]["state"] == "would"
    assert found["stopped_by"].startswith("mode: mode observe: what would be done is said")
    assert "eos.backtest" in found["do"][0]


def test_an_event_leads_to_its_incident(healed, run):
    healed.tell(reverted(1))
    healed.after(20)
    found = run("explain", "e1")
    assert found["incidents"][0]["policy"] == "failed_deployment"
    assert [line["kind"] for line in found["audit"]] == ["opened"]
    assert "fact e1 is no more in the inbox" in found["text"]


@pytest.mark.parametrize("name", ["nothing", "e999", "00000000"])
def test_what_nothing_goes_by_is_refused(healed, run, name):
    said = run("explain", name)
    assert said["retcode"] == 2
    assert f"component {name} is unknown" in said["comment"]


def test_without_a_healer_a_component_is_explained_all_the_same(run):
    assert "component consol is unknown; expected one of:" in run("explain", "consol")["comment"]
    assert "what to explain is missing" in run("explain")["comment"]
