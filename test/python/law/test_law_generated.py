"""Secrets that Vault has because they were made: once, whoever asks, and shown to nobody."""

import base64
import json
import logging
import re
import shlex
import threading
import uuid

import pytest
from law_states import connected, own, quiet, refused, settles

pytestmark = pytest.mark.server

PRESENT = "vault_generated.present"
FORMS = {"password": "password", "id": "uuid", "cookie": "base64:32"}


@pytest.fixture(params=["1", "2"])
def engine(request, salted):
    """A KV engine of each version: its mount, and how its secrets are read and written."""
    mount = f"made{request.param}"
    salted.serve("vault")
    options = {"version": request.param}
    wanted = {"name": mount, "type": "kv", "options": options}
    assert salted.state("vault_mount.present", **wanted)["result"] is True
    yield Engine(own(salted, "vault"), mount, request.param == "2")
    salted.state("vault_mount.absent", name=mount)


class Engine:
    """Reads and writes secrets as somebody else."""

    def __init__(self, client, mount, has_versions):
        self.client, self.mount, self.has_versions = client, mount, has_versions

    def read(self, name):
        path = f"/v1/{self.mount}/{'data/' if self.has_versions else ''}{name}"
        found = self.client.get(path)
        return found["data"] if self.has_versions else found

    def write(self, name, fields):
        path = f"/v1/{self.mount}/{'data/' if self.has_versions else ''}{name}"
        self.client.post(path, {"data": fields} if self.has_versions else fields)


def test_every_size_that_is_promised_is_taken():
    """Mutation: a gap in the pattern; there was one from 500 to 509."""
    from saltext.eos.states.vault_generated import _FORM
    from saltext.eos.utils.validate import findings

    taken = [size for size in range(1000) if not findings(_FORM, f"base64:{size}")]
    assert taken == list(range(16, 513))


def test_a_secret_is_made_once_and_stays(salted, engine):
    """Mutation: make it when it is there, and every application has the wrong password."""
    name = f"{engine.mount}/app/database"
    changes = settles(salted, PRESENT, name=name, fields=FORMS)
    assert changes == {field: {"old": None, "new": "***"} for field in FORMS}
    first = engine.read("app/database")
    assert re.fullmatch(r"[A-Za-z0-9]{40}", first["password"])
    assert uuid.UUID(first["id"])
    assert len(base64.b64decode(first["cookie"])) == 32
    quiet(salted, PRESENT, name=name, fields={**FORMS, "password": "uuid"})
    assert engine.read("app/database") == first
    assert salted.modules["vault_generated.fields"](name) == sorted(FORMS)


def test_a_field_is_added_to_what_others_wrote(salted, engine):
    """Mutation: write the new field alone, and the others are gone."""
    engine.write("app/mixed", {"user": "web", "password": "theirs", "empty": ""})
    name, fields = f"{engine.mount}/app/mixed", {**FORMS, "empty": "uuid"}
    assert set(settles(salted, PRESENT, name=name, fields=fields)) == {"id", "cookie", "empty"}
    found = engine.read("app/mixed")
    assert (found["user"], found["password"]) == ("web", "theirs")


@pytest.mark.parametrize("fields", [{1: "password"}, {True: "uuid"}, {"{}": "uuid", 1: "uuid"}])
def test_what_is_in_use_is_not_written_over_by_a_name_that_is_no_text(salted, engine, fields):
    """Mutation: look for the key 1 in what Vault gives as "1", and each run makes a new one."""
    held = {"1": "in use", "true": "in use", "True": "in use"}
    engine.write("app/keyed", held)
    refused(salted, PRESENT, name=f"{engine.mount}/app/keyed", fields=fields)
    assert engine.read("app/keyed") == held


def test_a_name_with_braces_is_a_name(salted, engine):
    """Mutation: format the comment, and a traceback comes after the secret was made."""
    settles(salted, PRESENT, name=f"{engine.mount}/app/{{x}}", fields={"{y} {}": "uuid"})


def test_no_secret_is_shown_anywhere(salted, engine, caplog):
    """Mutation: put what was made into changes, comment, log or an error."""
    caplog.set_level(logging.DEBUG)
    name = f"{engine.mount}/app/quiet"
    said = [salted.state(PRESENT, name=name, fields=FORMS) for _ in range(2)]
    said.append(salted.modules["vault_generated.fields"](name))
    told = json.dumps(said) + caplog.text
    for secret in engine.read("app/quiet").values():
        assert secret not in told


def test_two_runs_at_once_make_one_secret(salted, engine, monkeypatch):
    """Mutation: write without a swap, and the second of two runs makes another one."""
    from saltext.eos.states import vault_generated
    from saltext.eos.utils import kv_secret

    if not engine.has_versions:
        pytest.skip("an engine of version 1 has no swaps; see the next test")
    read, meet = kv_secret.read, threading.Barrier(2, timeout=20)
    first = threading.local()

    def both_read(client, path):
        held = read(client, path)
        if not getattr(first, "is_over", False):
            first.is_over = True
            meet.wait()
        return held

    results, name = [], f"{engine.mount}/app/both"
    opts = {**salted.opts, "test": False}
    monkeypatch.setattr(vault_generated, "__opts__", opts, raising=False)
    monkeypatch.setattr(kv_secret, "read", both_read)
    runs = [
        threading.Thread(
            target=lambda: results.append(vault_generated.present(name, {"password": "uuid"}))
        )
        for _ in range(2)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join(30)
    assert [one["result"] for one in results] == [True, True], results
    assert sorted(len(one["changes"]) for one in results) == [0, 1], results
    metadata = engine.client.get(f"/v1/{engine.mount}/metadata/app/both")
    assert metadata["current_version"] == 1


def test_a_token_that_may_only_create_never_makes_a_second_one(salted, monkeypatch):
    """Mutation: take Vault's refusal for an error, and the second of two runs fails."""
    from saltext.eos.states import vault_generated
    from saltext.eos.utils import kv_secret
    from saltext.eos.utils.http import Client

    vault = own(salted, "vault")
    assert salted.state("vault_mount.present", name="once1", type="kv")["result"] is True
    rules = 'path "once1/*" { capabilities = ["create", "read"] }'
    vault.put("/v1/sys/policies/acl/creates", {"policy": rules})
    chosen = salted.opts["eos"]["connections"]["vault"]
    whole = Client(chosen["address"], chosen["ca_file"], vault._headers)
    token = whole.post("/v1/auth/token/create", {"policies": ["creates"]})["auth"]["client_token"]
    read, done = kv_secret.read, []

    def meanwhile(client, path):
        held = read(client, path)
        if not done:
            done.append(vault.post("/v1/once1/app", {"password": "theirs"}))
        return held

    monkeypatch.setattr(kv_secret, "read", meanwhile)
    opts = {**connected(salted, "vault", token), "test": False}
    monkeypatch.setattr(vault_generated, "__opts__", opts, raising=False)
    try:
        result = vault_generated.present("once1/app", {"password": "password"})
        assert (result["result"], result["changes"]) == (True, {}), result
        assert vault.get("/v1/once1/app") == {"password": "theirs"}
    finally:
        salted.state("vault_mount.absent", name="once1")


def test_a_deleted_secret_is_not_made_anew(salted, engine):
    """Mutation: take the 404 of a deleted version for absence, and it cannot be restored."""
    if not engine.has_versions:
        pytest.skip("an engine of version 1 keeps nothing of what was deleted")
    engine.write("app/gone", {"password": "in use"})
    engine.client.delete(f"/v1/{engine.mount}/data/app/gone")
    name = f"{engine.mount}/app/gone"
    said = refused(salted, PRESENT, name=name, fields=FORMS)
    assert "was deleted; expected the secret" in said
    assert f"restore it with `vault kv undelete -versions=1 {name}`, or run " in said
    assert f"`vault kv metadata delete {name}` to have a new one made" in said
    engine.client.post(f"/v1/{engine.mount}/undelete/app/gone", {"versions": [1]})
    quiet(salted, PRESENT, name=name, fields={"password": "password"})


def test_a_destroyed_secret_cannot_be_restored(salted, engine):
    """Mutation: advise to undelete it, and who does so is told nothing and gets nothing back."""
    if not engine.has_versions:
        pytest.skip("an engine of version 1 keeps nothing of what was deleted")
    engine.write("app/it%27s-gone", {"password": "in use"})
    engine.client.put(f"/v1/{engine.mount}/destroy/app/it%27s-gone", {"versions": [1]})
    name = f"{engine.mount}/app/it's-gone"
    said = refused(salted, PRESENT, name=name, fields=FORMS)
    assert "it is destroyed, so write it again" in said
    assert "undelete" not in said
    assert f"`vault kv metadata delete {shlex.quote(name)}` to have a new one made" in said


def test_a_path_without_an_engine_is_said_to_be_one(salted):
    salted.serve("vault")
    assert "answered 403" in refused(salted, PRESENT, name="nowhere/app", fields=FORMS)
    salted.state("vault_mount.present", name="crypt", type="transit")
    said = refused(salted, PRESENT, name="crypt/app", fields=FORMS)
    assert "an engine transit; expected one of type kv" in said
    salted.state("vault_mount.absent", name="crypt")


WRONG = [
    ({"name": "alone"}, "name: expected the path of a secret from its mount on"),
    ({"name": "kv/../sys"}, "name: expected"),
    ({"name": "kv/a\nb"}, "name: expected"),
    ({"name": "kv/" + "x" * 65_536}, "name: expected"),
    ({"fields": {}}, "fields: expected at least one field"),
    ({"fields": None}, "fields: expected"),
    ({"fields": "hunter22"}, "fields: expected a map"),
    ({"fields": ["hunter22"]}, "fields: expected a map"),
    ({"fields": {"password": "hunter22"}}, "fields:password: expected password, uuid, or base64:"),
    ({"fields": {"password": {"value": "hunter22"}}}, "fields:password: expected"),
    ({"fields": {"password": "base64:15"}}, "fields:password: expected"),
    ({"fields": {"password": "base64:513"}}, "fields:password: expected"),
    ({"fields": {"password": None}}, "fields:password: expected"),
    ({"fields": {1: "password"}}, "fields:1: expected text as the name; quote it; found 1"),
    ({"fields": {True: "password"}}, "fields:True: expected text as the name; quote it"),
    ({"fields": {1: "password", "a": "uuid"}}, "fields:1: expected text as the name"),
    ({"fields": {None: "password"}}, "fields:None: expected text as the name"),
    ({"fields": {"": "password"}}, "fields: expected names of one line"),
    ({"fields": {"a\nb": "password"}}, "fields: expected names of one line"),
    ({"fields": {"x" * 257: "password"}}, "fields: expected names of one line"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_a_wrong_form_is_named_but_not_repeated(salted, wrong, message):
    """Mutation: show what was found, and who wrote the secret itself reads it in the log."""
    salted.serve("vault")
    result = salted.state(PRESENT, **{"name": "kv/app", "fields": FORMS, **wrong})
    assert (result["result"], result["changes"], salted.sent) == (False, {}, []), result
    assert result["comment"].startswith(message), result["comment"][:300]
    assert "; found " in result["comment"]
    assert "hunter22" not in result["comment"]
    assert len(result["comment"]) < 1000
