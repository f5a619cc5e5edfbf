"""What verbs say where there is little to say: of nothing, of a name, of a component."""

from __future__ import annotations

import contextlib

import pytest
from healed import lost, reverted

from saltext.eos.utils import component_report, master
from saltext.eos.utils.heal_report_text import WIDTH
from saltext.eos.utils.inbox import Inbox

FORM = {"all": {}, "plan": {"apps": ["web"]}}


def test_a_key_without_its_file_is_refused_by_the_verb_itself(run):
    """Mutation: a mandatory parameter, and Salt shows its usage with exit status 0."""
    said = run("webhook_key")
    assert (said["retcode"], run.context["retcode"]) == (2, 2)
    assert "file is missing" in said["comment"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "no incident is kept"),
        ({"open": True}, "no incident is open"),
        ({"policy": "leaf_oom", "since": "2h"}, "no incident of leaf_oom with a fact within 2h"),
        ({"job": "web@default"}, "no incident about job:web@default is kept"),
        ({"job": "weeb"}, "the pillar has no job:weeb (did you mean job:web?)"),
    ],
)
def test_no_incident_is_told_as_it_was_asked_for(healed, run, monkeypatch, asked, says):
    """Mutation: one sentence for all; a misspelt job then looks like one that is well."""
    monkeypatch.setattr(master, "form", lambda opts: FORM)
    found = run("incidents", **asked)
    assert says in " ".join(found["text"].split())
    assert ("has no" in found["text"]) == ("has no" in says)
    assert "retcode" not in found


def test_no_event_is_told_with_whom_to_ask_whether_any_should_have_come(home, run):
    """Mutation: print nothing, which looks like a verb that does not work."""
    home.mkdir()
    with contextlib.closing(Inbox(home / "inbox.db")):
        pass
    assert run("events")["text"].startswith("the inbox has no event; `salt-run eos.bridge`")
    found = run("events", since="3m", severity="warning")
    assert "has no event with severity=warning since=3m;" in found["text"]
    assert found["lines"] == []


def test_many_that_are_well_are_a_line_each_and_then_a_number(healed, run):
    """Mutation: say `more` where nothing was listed."""
    for number in range(1, 13):
        healed.tell(lost(number, f"_nomad-task-{number}"))
    healed.tell(reverted(20))
    healed.after(20)
    with healed.store.step(healed.settings):
        for one in healed.store.state.incidents.values():
            one.state = "watching" if one.policy == "lost_registration" else one.state
            healed.store.state.mark("incidents", one.key)
    text = run("incidents", open=True)["text"]
    count = sum(" watching " in line for line in text.splitlines())
    more = "more are well" in " ".join(text.split())
    assert (count, more) == (10, True)
    assert f"{len(run('incidents', open=True)['incidents']) - 10} more are well" in text


def test_a_name_is_explained_by_what_stops_it_and_what_is_open_about_it(healed, run, monkeypatch):
    """Mutation: take it for an id, and say that a component of that name is unknown."""
    monkeypatch.setattr(master, "form", lambda opts: FORM)
    healed.tell(lost(1))
    run("suspend", "service:web", reason="is being migrated", **{"for": "2h"})
    run("hold", "node:n1", reason="another name")
    found = run("explain", "service:web")
    assert [one["reason"] for one in found["rules"]] == ["is being migrated"]
    assert [one["policy"] for one in found["open"]] == ["lost_registration"]
    text = " ".join(found["text"].split())
    assert "suspended by" in text
    assert "is being migrated" in text
    assert found["open"][0]["id"] in text
    assert "another name" not in text
    text = " ".join(run("explain", "job:web")["text"].split())
    assert "stopped by nothing under this very name no incident about it is open" in text


def test_a_policy_is_explained_and_one_that_is_none_is_refused(healed, run):
    """Mutation: look it up without its kind; each is then an unknown component."""
    found = run("explain", "policy:unit_failed")
    assert found["policy"]["act"]["do"] == "apply"
    assert "apply, because of host/unit/failed" in found["text"]
    said = run("explain", "policy:unit_fail")
    assert said["retcode"] == 2
    assert "(did you mean policy:unit_failed?)" in said["comment"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("unit_failed", "(did you mean policy:unit_failed?)"),
        ("web", "(did you mean job:web or service:web?)"),
        ("9e1", "an id is told by its first 6 characters or more"),
    ],
)
def test_what_is_neither_id_nor_name_is_told_how_either_looks(
    healed, run, monkeypatch, name, says
):  # fmt: skip
    """Mutation: say only that it is no component."""
    monkeypatch.setattr(master, "form", lambda opts: FORM)
    said = run("explain", name)
    assert said["retcode"] == 2
    assert says in said["comment"]


KNOWN = {
    "consul": {"doc": "Finds services.", "source": "src/components/consul.ts",
               "spec": {"class": "core", "needs": ["tls"]}},
    "nomad": {"doc": "", "source": "", "spec": {"class": "core", "needs": ["consul"]}},
}  # fmt: skip
PART = {
    "roles": ["server"], "unit": "consul.service", "packages": ["consul"], "files": {"/etc/a": {}},
    "ports": {"https": {"port": 8501, "scope": "stack"}},
    "memory": {"floor": 134217728, "want": None, "burst": 1073741824},
    "gate": {"within": 60, "probes": [{"by": "hook", "hook": "leads", "why": ""}]},
}  # fmt: skip
COMPILED = {
    "all": {"n1": {"components": {"consul": PART}}}, "plan": {"nodes_of": {"consul": ["n1"]}},
}  # fmt: skip
STANDS = {
    "components": [
        {"name": "consul", "node": "n1", "gate": "failed", "observed": "no leader", "why": "quorum",
         "waits_for": []},
        {"name": "nomad", "node": "n1", "gate": "passed", "observed": "", "why": "",
         "waits_for": []},
    ],
    "apps": [],
}  # fmt: skip


def test_a_component_is_explained_in_words_and_says_how_it_is():
    """Mutation: leave out the gate, or let Salt print the structure."""
    found = component_report.report("consul", KNOWN, COMPILED, STANDS)
    assert found["needed_by"] == ["nomad"]
    assert [one["name"] for one in found["gates"]] == ["consul"]
    assert found["text"].splitlines() == [
        "component consul, class core",
        "is        Finds services.",
        "needs     tls",
        "needed by nomad",
        "gate      on n1 failed: no leader (quorum)",
        "runs on   n1 as server",
        "  unit      consul.service",
        "  packages  consul",
        "  ports     https 8501, reachable from stack",
        "  memory    floor 128MiB, burst 1GiB",
        "  files     /etc/a",
        "  proof     hook leads, within 60 s",
        "all of it with --out=json",
    ]
    assert max(map(len, found["text"].splitlines())) <= WIDTH
