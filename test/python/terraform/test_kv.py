"""Secrets of applications in a real Vault: made once, never shown, never overwritten."""

import json

import pytest
from conftest import SECRET_ID

pytestmark = pytest.mark.server


@pytest.fixture
def generated(vault, opened):
    """Call the state as Salt would."""
    from saltext.eos.states import eos_kv

    def call(kept, copies=None, test=False):
        eos_kv.__opts__, eos_kv.__pillar__ = {"test": test}, {}
        return eos_kv.generated("secrets", vault[0], SECRET_ID, kept, copies, ca_file=None)

    return call


def read(vault, path):
    return vault[1].get(f"/v1/kv/data/{path}")["data"]["data"]


def test_secret_is_made_once_copied_and_never_shown(generated, vault):
    kept = {"apps/one-db/database": {"password": "password"}}
    copies = {"apps/one/database": "apps/one-db/database"}
    predicted = generated(kept, copies, test=True)
    assert predicted["result"] is None
    done = generated(kept, copies)
    assert done["result"] is True, done["comment"]
    assert set(done["changes"]) == set(predicted["changes"])
    value = read(vault, "apps/one-db/database")["password"]
    assert len(value) == 40
    assert value not in json.dumps(done)
    assert read(vault, "apps/one/database") == {"password": value}
    again = generated(kept, copies)
    assert (again["result"], again["changes"]) == (True, {})
    assert read(vault, "apps/one-db/database")["password"] == value


def test_new_key_leaves_the_others_and_a_changed_copy_is_repaired(generated, vault):
    assert generated({"apps/two/secrets": {"A": "uuid"}})["result"] is True
    before = read(vault, "apps/two/secrets")["A"]
    done = generated({"apps/two/secrets": {"A": "uuid", "B": "base64:32"}})
    assert list(done["changes"]) == ["apps/two/secrets B"]
    assert read(vault, "apps/two/secrets")["A"] == before
    source, copy = {"apps/two-db/database": {"password": "password"}}, "apps/two/database"
    assert generated(source, {copy: "apps/two-db/database"})["result"] is True
    vault[1].post(f"/v1/kv/data/{copy}", {"data": {"password": "by hand"}})
    assert list(generated(source, {copy: "apps/two-db/database"})["changes"]) == [copy]
    assert read(vault, copy) == read(vault, "apps/two-db/database")


def test_deleted_secret_is_not_replaced_behind_its_applications_back(generated, vault):
    kept = {"apps/three/secrets": {"A": "uuid"}}
    assert generated(kept)["result"] is True
    vault[1].delete("/v1/kv/data/apps/three/secrets")
    refused = generated(kept)
    assert refused["result"] is False
    assert "was deleted" in refused["comment"]
