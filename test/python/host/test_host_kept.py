"""A pillar that is refused makes nobody blind: what the last usable one said is watched."""

from __future__ import annotations

import salt.loader

from saltext.eos.beacon_config.eos_host import DEFAULTS
from saltext.eos.utils import host_form, host_kept, host_watch
from saltext.eos.utils.host_form import NOTHING, Form, Token
from saltext.eos.utils.host_kept import Known
from saltext.eos.utils.host_watch import Watch
from saltext.eos.version import SCHEMA

PARTS = {
    "consul": {
        "unit": "consul.service", "values": {}, "storage": ["/var/lib/consul"], "identity": {},
        "files": {"/etc/x/consul.token": {}}, "derive": {"consul": "https://127.0.0.1:8501"},
    },
    "vault": {"unit": "vault.service", "values": {}, "ports": {"api": {"port": 8200}}},
}  # fmt: skip
GOOD = {"eos": {"_compiled": {"schema": SCHEMA, "node": {"id": "n1"}, "components": PARTS}}}
REFUSED = {"eos": {"heal": {"mode": "enforec"}}, "_errors": ["eos:heal:mode: expected one of …"]}


def test_all_that_a_usable_pillar_said_is_kept_for_one_that_is_refused(tmp_path):
    """Mutation: watch nothing while the pillar is refused; or forget a part of what was watched."""
    form = host_kept.known(tmp_path, GOOD, "n1").form
    assert form.tokens == {
        "/etc/x/consul.token": Token("consul", "consul", "https://127.0.0.1:8501")
    }
    assert form.vault == ("https://127.0.0.1:8200", "vault.service")
    other = {"eos": {"_compiled": {"schema": SCHEMA + 1}}}
    # As a master gives it that has lost its ext_pillar: no form, and no error.
    raw = {"eos": {"topology": {"n1": {"memory": "8GiB"}}}}
    for refused in (REFUSED, {"_errors": ["a template"]}, other, raw):
        again = host_kept.known(tmp_path, refused, "n1")
        assert again.form == form
        assert again.refused
        assert not again.is_blind
        assert host_form.digest(again.form) == host_form.digest(form)


def test_a_minion_that_was_taken_out_of_the_stack_watches_nothing_any_more(tmp_path):
    """Mutation: go on by the last pillar also where the minion is meant to have nothing."""
    host_kept.known(tmp_path, GOOD, "n1")
    for without in ({"eos": {"topology": {}}}, {"eos": {"topology": {"n2": {}}}}, {}):
        assert host_kept.known(tmp_path, without, "n1") == Known(NOTHING)
    assert host_kept.known(tmp_path, REFUSED, "n1").is_blind


def test_what_is_kept_and_cannot_be_read_is_not_known(tmp_path):
    for damaged in (b"", b"[]", b'{"units": 5}'):
        (tmp_path / host_kept.FILE).write_bytes(damaged)
        assert host_kept.known(tmp_path, REFUSED, "n1").is_blind


def test_who_can_know_nothing_says_no_more_that_it_is_there(tmp_path):
    """Mutation: give the sign of life also where nothing is watched for a refused pillar."""
    for is_blind in (True, False):
        watch = Watch(tmp_path, "n1", Known(Form({}), "a slip", is_blind), dict(DEFAULTS))
        assert watch.is_kept is not is_blind
        watch.close()


def test_the_pillar_is_asked_for_anew_at_times_while_it_is_refused(tmp_path, monkeypatch):
    """Mutation: never ask again; or ask at each pass; or ask although it is not refused."""
    asked = []

    def passes(known):
        watch = Watch(tmp_path, "n1", known, dict(DEFAULTS), lambda: asked.append(1))
        for _ in range(3):
            watch.step()
        watch.close()
        return len(asked)

    assert passes(Known(NOTHING, "a slip")) == 0
    monkeypatch.setattr(host_watch, "ASK_EVERY", 0.0)
    assert passes(Known(NOTHING)) == 0
    assert passes(Known(NOTHING, "a slip")) == 3


def test_people_are_told_since_when_it_is_refused_until_it_is_not(minion_opts, monkeypatch):
    """Mutation: count from each reopening, which comes with each refresh of the pillar."""
    monkeypatch.setattr(host_watch, "ASK_EVERY", 0.0)
    fired = []
    salts = {"event.fire": lambda data, tag: fired.append(tag)}

    def status(pillar):
        minion_opts["pillar"] = pillar
        loaded = salt.loader.beacons(minion_opts, salts)
        loaded["eos_host.beacon"]([{"interval": 1}])
        loaded["eos_host.close"]([])
        return salt.loader.minion_mods(minion_opts)["eos_host.status"]()["refused"]

    assert status(GOOD) is None
    assert fired == []
    first = status(REFUSED)
    assert "eos:heal:mode" in first["why"]
    assert fired == ["pillar_refresh"]
    assert status(REFUSED) == first
    assert status(GOOD) is None
