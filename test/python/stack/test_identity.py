"""Two jobs of one name in two namespaces: what each of them may read."""

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

pytestmark = pytest.mark.server
KEY = rsa.generate_private_key(65537, 2048)


def token_of(namespace):
    """Sign an identity as Nomad would for the job `web` of a namespace."""
    claims = {
        "sub": f"global:{namespace}:web:g:t:vault_default",
        "aud": "vault.io",
        "iat": int(time.time()),
        "nbf": int(time.time()) - 5,
        "exp": int(time.time()) + 600,
        "nomad_namespace": namespace,
        "nomad_job_id": "web",
        "nomad_task": "t",
        "extra_claims": {"nomad_workload_id": f"global:{namespace}:web"},
    }
    parts = [_coded(json.dumps(part).encode()) for part in ({"alg": "RS256"}, claims)]
    signature = KEY.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, _coded(signature)])


def _coded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def declared(loopback, name):
    return next(
        arguments
        for _, function, arguments in loopback.states("workload_identity")
        if arguments["name"] == name
    )


@pytest.fixture(scope="module")
def address(loopback):
    """An open Vault with secrets of both jobs and an auth method like Nomad's."""
    from saltext.eos.utils import vault

    loopback.start_vault()
    for _, function, arguments in loopback.states("vault_open"):
        assert loopback.state(function, **arguments)["result"] is True
    where = f"https://127.0.0.1:{loopback.port('vault', 'api')}"
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with vault.session(where, loopback.secrets["vault_open.admin_secret_id"]) as client:
        client.post("/v1/sys/auth/jwt-test", {"type": "jwt"})
        client.post("/v1/auth/jwt-test/config", {"jwt_validation_pubkeys": [public.decode()]})
        for namespace in ("red", "blue"):
            client.post(f"/v1/kv/data/{namespace}/web/db", {"data": {"owner": namespace}})
    rules = {**declared(loopback, "nomad-workloads"), "accessor_of": "jwt-test"}
    assert loopback.state("eos_vault.policy_present", **rules)["result"] is True
    return where


def readable(loopback, address, user_claim):
    """Log both jobs in, the second after the first, and list what the first may read."""
    from saltext.eos.utils import vault
    from saltext.eos.utils.http import Forbidden

    role = {**declared(loopback, "auth/jwt-nomad/role/nomad-workloads")["data"]}
    with vault.session(address, loopback.secrets["vault_open.admin_secret_id"]) as client:
        client.put("/v1/auth/jwt-test/role/web", {**role, "user_claim": user_claim})
    tokens = [
        vault.client(address).post(
            "/v1/auth/jwt-test/login", {"role": "web", "jwt": token_of(namespace)}
        )["auth"]["client_token"]
        for namespace in ("red", "blue")
    ]
    first, found = vault.client(address, tokens[0]), []
    for namespace in ("red", "blue"):
        try:
            found.append(first.get(f"/v1/kv/data/{namespace}/web/db")["data"]["data"]["owner"])
        except Forbidden:
            continue
    return found


def test_a_job_reads_its_own_namespace_only(loopback, address):
    declared_claim = declared(loopback, "auth/jwt-nomad/role/nomad-workloads")["data"]["user_claim"]
    assert readable(loopback, address, declared_claim) == ["red"]


def test_with_the_job_id_alone_it_would_read_the_other_one(loopback, address):
    assert readable(loopback, address, "/nomad_job_id") == ["blue"]


def test_a_mount_is_tuned_and_never_changes_its_type(loopback, address):
    arguments = {**declared_mount(loopback), "description": "Other words."}
    changed = loopback.state("eos_vault.mount_present", **arguments)
    assert changed["changes"]["description"]["new"] == "Other words."
    assert loopback.state("eos_vault.mount_present", **arguments)["changes"] == {}
    refused = loopback.state("eos_vault.mount_present", **{**arguments, "type": "transit"})
    assert refused["result"] is False
    assert "a mount cannot change its type" in refused["comment"]


def declared_mount(loopback):
    return next(
        arguments
        for _, function, arguments in loopback.states("vault_open")
        if function == "eos_vault.mount_present"
    )
