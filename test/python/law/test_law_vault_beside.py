"""Beside saltext-vault in one state run: both load, each state is its own, and both converge."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from programs import CACHE
from wheel import SITE

pytestmark = pytest.mark.server

SALT_CALL = Path(sys.executable).parent / "salt-call"
# What is Eos's and what is the extension's take turns, each because of the one before it.
SLS = """
beside/pki:
  vault_mount.present:
    - type: pki
    - max_lease_ttl: 48h

web:
  vault_pki.role_managed:
    - mount: beside/pki
    - ttl: 1h
    - allow_any_name: true
    - require:
        - vault_mount: beside/pki

beside/kv:
  vault_mount.present:
    - type: kv
    - options: {version: '2'}

beside/kv/web:
  vault_secret.present:
    - values: {colour: blue}
    - require:
        - vault_mount: beside/kv

made in the same engine:
  vault_generated.present:
    - name: beside/kv/session
    - fields:
        key: base64:32
    - require:
        - vault_mount: beside/kv

beside-web:
  vault.policy_present:
    - rules: |
        path "beside/kv/data/web" {
          capabilities = ["read"]
        }

beside/jwt:
  vault_auth_method.present:
    - type: jwt
    - require:
        - vault: beside-web

beside:
  vault_jwt_role.present:
    - mount: beside/jwt
    - user_claim: sub
    - bound_audiences: [vault.io]
    - token_policies: [beside-web]
    - require:
        - vault_auth_method: beside/jwt
  vault_approle.present:
    - name: beside
    - mount: beside/approle
    - token_policies: [beside-web]
    - require:
        - vault_auth_method: beside/approle

beside/approle:
  vault_auth_method.present:
    - type: approle
"""


@pytest.fixture
def minion(salted, tmp_path):
    """A minion with both extensions, each with its token in a file of its own."""
    salted.serve("vault")
    found = sorted(CACHE.glob("environments/tools-*/lib/python*/site-packages/saltext/vault"))
    assert found, "no saltext-vault among the tools; `npm test` installs it"
    packages = found[-1].parent.parent
    both = tmp_path / "both"
    (both / "saltext").mkdir(parents=True)
    (both / "saltext/vault").symlink_to(found[-1])
    (information,) = packages.glob("saltext_vault-*.dist-info")
    (both / information.name).symlink_to(information)
    connection = salted.connections["vault"]
    token = tmp_path / "token.yml"
    token.touch(0o600)
    token.write_text(f"token: {Path(connection['token_file']).read_text()}\n")
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv/beside.sls").write_text(SLS)
    config = tmp_path / "config"
    config.mkdir()
    own = {
        "id": "n1",
        "root_dir": str(tmp_path / "n1"),
        "file_client": "local",
        "file_roots": {"base": [str(tmp_path / "srv")]},
        "eos": {"connections": {"vault": connection}},
        # What the extension's own states of PKI ask for on 3006.
        "features": {"x509_v2": True},
        "held": {"driver": "yaml", "files": [str(token)]},
        "vault": {
            "config_location": "local",
            "auth": {"method": "token", "token": "sdb://held/token"},
            "server": {"url": connection["address"], "verify": connection["ca_file"]},
        },
    }
    (config / "minion").write_text(json.dumps(own))

    def call(*arguments):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(SALT_CALL), "--local", "-c", str(config),
             "--out=json", *arguments],
            env={**os.environ, "PYTHONPATH": f"{SITE}{os.pathsep}{both}"},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.stdout.startswith("{"), done.stdout + done.stderr
        secret = Path(connection["token_file"]).read_text()
        assert secret not in done.stdout + done.stderr
        return json.loads(done.stdout)["local"]

    yield call
    client = salted.client("vault")
    for path in ("mounts/beside/pki", "mounts/beside/kv", "auth/beside/jwt", "auth/beside/approle"):
        client.delete(f"/v1/sys/{path}")
    client.delete("/v1/sys/policies/acl/beside-web")


def test_one_run_with_the_states_of_both_converges(minion):
    """Mutation: give one of ours a name of theirs, and half of these states are not found."""
    first = minion("state.apply", "beside")
    assert isinstance(first, dict), first
    wrong = [(id_, one["comment"]) for id_, one in first.items() if one["result"] is not True]
    assert wrong == []
    assert all(one["changes"] for one in first.values()), first
    ran = [one.split("_|-")[0] for one in sorted(first, key=lambda id_: first[id_]["__run_num__"])]
    assert {"vault", "vault_secret", "vault_pki", "vault_approle"} < set(ran)
    assert {"vault_mount", "vault_auth_method", "vault_jwt_role", "vault_generated"} < set(ran)
    for test in (False, True):
        again = minion("state.apply", "beside", f"test={test}")
        quiet = {one["__id__"]: (one["result"], one["changes"]) for one in again.values()}
        assert quiet == dict.fromkeys(quiet, (True, {})), again


def test_functions_of_both_answer_on_one_minion(minion):
    """Mutation: as above; the functions of one would hide those of the other."""
    docs = minion("sys.list_functions", "vault", "vault_mount", "vault_pki", "vault_seal")
    assert {"vault.read_secret", "vault_mount.get", "vault_pki.list_roles"} < set(docs)
    assert any(one.startswith("vault_seal.") for one in docs)
    assert minion("vault_mount.get", "sys")["type"] == "system"
    assert "root" in minion("vault.policies_list")
