"""Configurations of real auth methods of Vault, in the names that they themselves have."""

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from law_states import own, quiet, refused, settles

pytestmark = pytest.mark.server

PRESENT = "vault_auth_config.present"


def pem():
    """Make a public key."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


@pytest.fixture
def method(salted):
    """Make auth methods, and take them away with what they were configured with."""
    salted.serve("vault")
    made = []

    def enable(name, kind):
        assert salted.state("vault_auth_method.present", name=name, type=kind)["result"] is True
        made.append(name)
        return own(salted, "vault")

    yield enable
    for name in made:
        salted.state("vault_auth_method.absent", name=name)


def test_a_configuration_is_predicted_written_kept_and_repaired(salted, method):
    """Mutation: send what is wanted alone, and Vault forgets every other setting."""
    vault = method("jwt/law", "jwt")
    first, second = pem(), pem()
    assert salted.modules["vault_auth_config.get"]("jwt/law") is None
    wanted = {"jwt_validation_pubkeys": [first, second], "bound_issuer": "law"}
    changes = settles(salted, PRESENT, name="jwt/law", config=wanted)
    assert changes["bound_issuer"] == {"old": None, "new": "***"}, "nobody knows what is secret"
    whole = {**salted.modules["vault_auth_config.get"]("jwt/law"), "default_role": "theirs"}
    whole = {name: value for name, value in whole.items() if value}
    vault.post("/v1/auth/jwt/law/config", {**whole, "bound_issuer": "drifted"})
    assert set(settles(salted, PRESENT, name="jwt/law", config=wanted)) == {"bound_issuer"}
    assert salted.modules["vault_auth_config.get"]("jwt/law")["default_role"] == "theirs"
    fewer = {**wanted, "jwt_validation_pubkeys": [second.strip()]}
    assert set(settles(salted, PRESENT, name="jwt/law", config=fewer)) == {"jwt_validation_pubkeys"}
    taken = {"bound_issuer": "", "default_role": ""}
    assert set(settles(salted, PRESENT, name="jwt/law", config=taken)) == set(taken)


def test_every_spelling_is_the_same(salted, method):
    """Mutation: compare `10s` with 10 as text, and each run writes."""
    method("ldap", "ldap")
    wanted = {"url": "ldaps://directory.example", "request_timeout": "2m", "starttls": False}
    settles(salted, PRESENT, name="ldap", config=wanted)
    for spelled in (120, "120s", "1m60s"):
        quiet(salted, PRESENT, name="ldap", config={**wanted, "request_timeout": spelled})
    listed = {"token_policies": "web, read"}
    settles(salted, PRESENT, name="ldap", config=listed)
    quiet(salted, PRESENT, name="ldap", config={"token_policies": ["web", "read"]})
    active = {"userattr": "sAMAccountName", "url": "LDAPS://Dir.Example", "request_timeout": "3600"}
    settles(salted, PRESENT, name="ldap", config=active)
    quiet(salted, PRESENT, name="ldap", config={**active, "request_timeout": "1h"})


def test_a_secret_is_written_and_never_shown(salted, method, tmp_path, caplog):
    """Mutation: put secrets among the settings, and they stand in changes and job cache."""
    caplog.set_level("DEBUG")
    method("ldap", "ldap")
    secrets = {"bindpass": {"file": "/etc/eos/bind"}}
    wanted = {"binddn": "cn=vault", "url": "ldaps://directory.example"}
    said = [
        salted.state(PRESENT, name="ldap", config=wanted, secrets=secrets),
        salted.state(PRESENT, name="ldap", config=wanted, secrets=secrets),
        salted.modules["vault_auth_config.get"]("ldap"),
    ]
    assert (said[0]["result"], said[1]["changes"]) == (True, {}), said
    assert "the secret of" not in json.dumps(said) + caplog.text


def test_a_secret_that_is_there_is_not_lost(salted, method):
    """Mutation: write what was read, and the reviewer's token of Kubernetes is gone unseen."""
    vault = method("kubernetes", "kubernetes")
    name, host = "kubernetes", "https://k8s.example"
    first = {"kubernetes_host": host, "token_reviewer_jwt": "a.b.c", "disable_local_ca_jwt": True}
    vault.post("/v1/auth/kubernetes/config", first)
    wanted = {"kubernetes_host": "https://k8s.test"}
    said = refused(salted, PRESENT, name=name, config=wanted)
    assert said.startswith("secrets:token_reviewer_jwt: expected its place, because auth/kuber")
    given = {"config": wanted, "secrets": {"token_reviewer_jwt": {"file": "/etc/eos/jwt"}}}
    assert set(settles(salted, PRESENT, name=name, **given)) == {"kubernetes_host"}
    assert vault.get("/v1/auth/kubernetes/config")["token_reviewer_jwt_set"] is True
    quiet(salted, PRESENT, name=name, config=wanted)
    gone = {"token_reviewer_jwt": ""}
    changes = settles(salted, PRESENT, name=name, config=gone)
    assert changes == {"token_reviewer_jwt": {"old": "***", "new": None}}
    assert vault.get("/v1/auth/kubernetes/config")["token_reviewer_jwt_set"] is False


def test_an_unknown_setting_is_refused(salted, method):
    """Mutation: leave it to Vault, which takes what it does not know in silence."""
    method("ldap", "ldap")
    said = refused(salted, PRESENT, name="ldap", config={"urll": "x"})
    assert said.startswith("config:urll: expected one of ")
    assert "found an unknown one" in said
    method("jwt/law", "jwt")
    wanted = {"jwt_validation_pubkeys": [pem()], "bogus": "x"}
    said = refused(salted, PRESENT, name="jwt/law", config=wanted)
    assert said.startswith("config:bogus: expected one of ")
    given = {"config": {"binddn": "cn=x"}, "secrets": {"bindpas": {"file": "/etc/eos/bind"}}}
    said = refused(salted, PRESENT, name="ldap", **given)
    assert said.startswith("secrets:bindpas: expected one of ")
    assert "(did you mean bindpass?)" in said


@pytest.mark.parametrize("inner", ["users", "users/web"])
def test_what_lies_inside_of_a_method_is_none(salted, method, inner):
    """Mutation: write where the name says, and a user `config` may log in."""
    vault = method("userpass", "userpass")
    said = refused(salted, PRESENT, name=f"userpass/{inner}", config={"token_ttl": "1h"})
    assert "expected the path of an auth method" in said or "nothing to configure" in said
    vault.post("/v1/auth/userpass/users/config", {"password": "theirs"})
    said = refused(salted, PRESENT, name="userpass/users", config={"token_ttl": "1h"})
    assert said.startswith("name: expected the path of an auth method; found 'userpass/users'")


@pytest.mark.parametrize(("name", "kind"), [("nobody", None), ("approle", "approle")])
def test_what_cannot_be_configured_is_said(salted, method, name, kind):
    salted.serve("vault")
    if kind:
        method(name, kind)
    result = salted.state(PRESENT, name=name, config={"a": "b"})
    assert (result["result"], result["changes"], salted.wrote) == (False, {}, []), result
    assert f"there is nothing to configure at auth/{name}" in result["comment"]
    # Mutation: fail in test mode, too, where a state before would have enabled the method.
    looked = salted.state(PRESENT, test=True, name=name, config={"a": "b"})
    assert (looked["result"], salted.wrote) == (False if kind else None, []), looked
    assert looked["changes"] == ({} if kind else {"a": {"old": None, "new": "***"}})
    assert f"nothing to configure at auth/{name}" in looked["comment"]


def test_what_vault_refuses_changes_nothing(salted, method):
    method("jwt/law", "jwt")
    result = salted.state(PRESENT, name="jwt/law", config={"bound_issuer": "x"})
    assert (result["result"], result["changes"]) == (False, {}), result
    assert "exactly one of" in result["comment"]
    given = {"config": {"bound_issuer": "x"}, "secrets": {"oidc_client_secret": {"file": "/s"}}}
    result = salted.state(PRESENT, name="jwt/law", **given)
    assert (result["result"], result["changes"]) == (False, {}), result
    assert "its words are not repeated" in result["comment"]


WRONG = [
    ({"name": "a//b"}, "name: expected text of at most 512"),
    ({"name": None}, "name: expected"),
    ({"config": None}, "config: expected object"),
    ({"config": {}}, "config: expected at least one setting"),
    ({"config": ["a"]}, "config: expected object"),
    ({"config": {"oidc_client_secret": "hunter22"}}, "config:oidc_client_secret: expected"),
    ({"config": {"bindpass": ["hunter22"]}}, "config:bindpass: expected a setting that may"),
    ({"config": {"token_reviewer_jwt": "hunter22"}}, "config:token_reviewer_jwt: expected"),
    ({"config": {"keytab": "hunter22"}}, "config:keytab: expected a setting that may"),
    ({"config": {"token": "hunter22"}}, "config:token: expected a setting that may"),
    ({"config": {"a": {"b": {"password": "hunter22"}}}}, "config:a:b:password: expected a setting"),
    ({"config": {1: "hunter22"}}, "config:1: expected text as the name; quote it; found 1"),
    ({"secrets": {True: {"file": "/a"}}}, "secrets:True: expected text as the name"),
    ({"secrets": "hunter22"}, "secrets: expected a map from each secret to its place"),
    ({"secrets": {"bindpass": "hunter22"}}, "secrets: expected a map from each secret"),
    ({"secrets": ["hunter22"]}, "secrets: expected a map from each secret"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_a_wrong_argument_is_named_and_nothing_is_sent(salted, wrong, message):
    """Mutation: show what was found, and a secret in the wrong place is in the log."""
    salted.serve("vault")
    said = refused(salted, PRESENT, **{"name": "ldap", "config": {"url": "x"}, **wrong})
    assert salted.sent == []
    assert said.startswith(message), said[:300]
    assert "; found " in said
    assert "hunter22" not in said
