"""What proves the healer ready, and the least that its token may do."""

import json
import time

import pytest

from saltext.eos.hooks import healer
from saltext.eos.utils import heal_status, store


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "HOME", str(tmp_path))
    return tmp_path


def told(home, **changed):
    known = {
        "at": time.time(), "pid": 1, "epoch": 1, "row": 0, "lag": 0, "state": "running", "why": "",
        "settings": None, "tokens": 5.0, "counters": {},
    }  # fmt: skip
    heal_status.write(home / heal_status.NAME, heal_status.Status(**{**known, **changed}))


def turns():
    return healer.engine_turns({}, {})


def test_an_engine_that_never_ran_does_not_pass(home):
    assert turns() == {"ok": False, "observed": "the engine eos_healer has never run here"}


@pytest.mark.parametrize("state", ["running", "standby"])
def test_a_fresh_word_passes(home, state):
    told(home, state=state)
    assert turns()["ok"]


def test_an_old_word_does_not_pass(home):
    told(home, at=time.time() - 300)
    assert turns() == {"ok": False, "observed": "the engine has said nothing for 300 s"}


def test_a_damaged_record_does_not_pass_and_is_told(home):
    told(home, state="frozen", why="healer.db is damaged")
    assert turns() == {"ok": False, "observed": "frozen: healer.db is damaged"}


def test_what_is_no_status_is_an_error(home):
    (home / heal_status.NAME).write_text(json.dumps({"state": "running"}))
    with pytest.raises(ValueError, match="is no status of the healer"):
        turns()


ENGINES = {"engines": [{"eos_healer": {}}]}
OURS = ["salt://eos/heal/reactor.sls"]
REACTIONS = [
    ("nothing", {}, False, "has no engine eos_healer"),
    ("no reactor", ENGINES, False, "starts nothing for decisions to apply, evaluate"),
    ("another", {**ENGINES, "reactor": [{"a/*": OURS}]}, False, "starts nothing for decisions"),
    ("ours", {**ENGINES, "reactor": [{"eos/heal/decided/*": OURS}]}, True, "every decision"),
    (
        "theirs",
        {**ENGINES, "reactor": [{"eos/heal/decided/*": ["/srv/mine.sls"]}]},
        True,
        "/srv/mine.sls is in the place of Eos's own",
    ),
]


@pytest.mark.parametrize(
    ("what", "master", "ok", "says"), REACTIONS, ids=[one[0] for one in REACTIONS]
)
def test_the_reactor_must_be_in_the_masters_configuration(
    tmp_path, monkeypatch, what, master, ok, says
):
    (tmp_path / "master").write_text(json.dumps(master))
    monkeypatch.setattr(healer, "MASTER", str(tmp_path / "master"))
    found = healer.reactor_is_set_up({}, {})
    assert found["ok"] is ok
    assert says in found["observed"]


def test_a_reaction_that_the_drop_in_hides_is_told(tmp_path, monkeypatch):
    """Mutation: look only at what is effective, and whoever wrote it waits for it for ever."""
    (tmp_path / "master.d").mkdir()
    mine = {"eos/heal/note": ["/srv/note.sls"]}
    main, drop_in = tmp_path / "master", tmp_path / "master.d" / "eos.conf"
    main.write_text(json.dumps({"reactor": [mine]}))
    drop_in.write_text(json.dumps({**ENGINES, "reactor": [{"eos/heal/decided/*": OURS}]}))
    monkeypatch.setattr(healer, "MASTER", str(main))
    assert healer.reactor_is_set_up({}, {}) == {
        "ok": False,
        "observed": f"reactor eos/heal/note of {main} is hidden by {drop_in}, and /srv/note.sls is "
        "not run",
    }
    drop_in.write_text(json.dumps({**ENGINES, "reactor": [mine, {"eos/heal/decided/*": OURS}]}))
    assert healer.reactor_is_set_up({}, {})["ok"]


def derived():
    node = {"id": "n1", "address": "10.0.0.1",
            "roles": {"consul": ["server"], "nomad": ["server"]}}  # fmt: skip
    other = {"id": "n2", "address": "10.0.0.2", "roles": {"healer": ["runner"]}}
    components = {"consul": {"https": 8501}, "nomad": {"https": 4646}}
    context = {"components": components, "nodes": {"n1": node, "n2": other}}
    return [healer.derive({}, {**context, "node": here}) for here in (node, other)]


def test_the_agent_on_the_node_is_asked_else_a_server():
    assert [one["consul"] for one in derived()] == [
        "https://127.0.0.1:8501",
        "https://10.0.0.1:8501",
    ]
    assert [one["nomad"] for one in derived()] == ["https://10.0.0.1:4646"] * 2


def test_the_stacks_own_services_cannot_be_removed():
    rules = derived()[0]["rules"]
    assert set(rules) == {"node_prefix", "service_prefix", "service"}
    assert all(rule["policy"] == "read" for rule in rules["service"].values())
    assert set(rules["service"]) == {"consul", "nomad", "nomad-client", "vault"}
    assert rules["node_prefix"][""]["policy"] == "read"
