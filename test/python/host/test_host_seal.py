"""A Vault that is sealed in another life is sealed another time, whoever was told before."""

from __future__ import annotations

import pytest

from saltext.eos.utils import host_seal
from saltext.eos.utils.host_judge import judge

QUIET = 20.0


class Vault:
    """What a Vault tells of itself, as the test sets it; and what is told of it."""

    def __init__(self):
        self.sealed, self.life = False, "a"
        self.known, self.now = None, 0.0
        self.seal = self.begun()

    def get(self, path):
        assert path == "/v1/sys/seal-status"
        return {"sealed": self.sealed, "initialized": True, "progress": 0, "t": 3}

    def begun(self):
        """Begin to look, as a beacon that was started anew does."""
        open_in = (self.known or {}).get("well_in")
        return host_seal.Seal("https://127.0.0.1:8200", "/ca", "n1", lambda: self.life, open_in)

    def told(self, seconds=60):
        """Look each second for a while; give the cause of everything that was told."""
        found = []
        for _ in range(seconds):
            self.now += 1.0
            (seen,) = self.seal.look()
            self.known, is_told = judge(self.known, seen, self.now, QUIET)
            if is_told:
                found.append(seen.payload["verdict"]["cause"])
        return found


@pytest.fixture
def vault(monkeypatch):
    one = Vault()
    monkeypatch.setattr(host_seal, "Client", lambda *_, **__: one)
    one.seal = one.begun()
    return one


def test_a_seal_is_told_once_in_each_life(vault):
    vault.told()
    vault.sealed, vault.life = True, "0"
    assert vault.told() == ["restarted"]
    assert vault.told(3600) == []
    vault.life, vault.seal = "b", vault.begun()
    assert vault.told() == ["restarted"]


def test_a_seal_while_it_ran_is_told_as_that(vault):
    assert vault.told() == []
    vault.sealed = True
    assert vault.told() == ["sealed"]


def test_what_was_sealed_while_nobody_looked_is_not_taken_for_restarted(vault):
    """
    The beacon was closed while a person sealed Vault: its process is the one that was open.

    Mutation: begin each look with nothing known of when it was open.
    """
    vault.told()
    vault.sealed, vault.seal = True, vault.begun()
    assert vault.told() == ["sealed"]


def test_what_is_started_anew_while_nobody_looked_is_told_as_that(vault):
    vault.told()
    vault.sealed, vault.life, vault.seal = True, "b", vault.begun()
    assert vault.told() == ["restarted"]


@pytest.mark.parametrize("life", ["a", None])
def test_of_a_seal_of_which_nothing_is_known_people_are_told(vault, life):
    """Mutation: take what is not known for leave to open it."""
    vault.sealed, vault.life = True, life
    assert vault.told() == ["sealed"]


def test_an_open_vault_in_another_life_is_no_news(vault):
    vault.told()
    vault.life = "b"
    assert vault.told() == []
