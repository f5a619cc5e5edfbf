"""Fixtures of the Terraform layer: a real Nomad, a real Vault, the real OpenTofu."""

import sys
import uuid
from pathlib import Path

import pytest
from programs import binary

sys.path.insert(0, str(Path(__file__).parent))
SECRET_ID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def nomad(tmp_path_factory):
    """Address and management client of a Nomad agent."""
    import servers

    with servers.nomad(tmp_path_factory.mktemp("nomad"), str(uuid.uuid4())) as found:
        yield found


@pytest.fixture(scope="module")
def vault(tmp_path_factory, nomad):
    """A Vault whose Nomad engine leases tokens of that agent, with the AppRole eos-terraform."""
    import servers

    address, client = nomad
    with servers.vault(tmp_path_factory.mktemp("vault")) as (where, root):
        root.post("/v1/sys/mounts/kv", {"type": "kv", "options": {"version": "2"}})
        root.post("/v1/sys/mounts/nomad", {"type": "nomad"})
        root.post(
            "/v1/nomad/config/access",
            {"address": address, "token": client.get("/v1/acl/token/self")["SecretID"]},
        )
        rules = {"namespace": {"*": {"policy": "write"}}, "host_volume": {"*": {"policy": "write"}}}
        client.put("/v1/acl/policy/terraform", {"Name": "terraform", "Rules": _hcl(rules)})
        root.post("/v1/nomad/role/terraform", {"type": "client", "policies": "terraform"})
        root.post("/v1/nomad/role/foundation", {"type": "management"})
        root.put("/v1/sys/policies/acl/eos-terraform", {"policy": POLICY})
        root.post("/v1/sys/auth/approle", {"type": "approle"})
        role = "/v1/auth/approle/role/eos-terraform"
        root.post(role, {"token_policies": ["eos-terraform"]})
        root.post(f"{role}/role-id", {"role_id": "eos-terraform"})
        root.post(f"{role}/custom-secret-id", {"secret_id": SECRET_ID})
        yield where, root


POLICY = """
path "nomad/creds/*" { capabilities = ["read"] }
path "kv/data/+/+/*" { capabilities = ["create", "read", "update"] }
path "kv/metadata/+/+/*" { capabilities = ["read", "list"] }
"""


def _hcl(rules):
    return "\n".join(
        f'{kind} "{label}" {{ policy = "{one["policy"]}" }}'
        for kind, labels in rules.items()
        for label, one in labels.items()
    )


@pytest.fixture
def opened(monkeypatch):
    """Secrets stand in clear in these tests: what opens envelopes is tested elsewhere."""
    from saltext.eos.utils import settle

    monkeypatch.setattr(settle, "opened", lambda data, _pillar, _opts: data)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """CLI configuration of OpenTofu that names a mirror with the provider stand-in."""
    import servers

    return servers.provider_mirror(tmp_path_factory.mktemp("provider"))


class Runner:
    """Calls the state function as Salt would, on a home of its own."""

    def __init__(self, home, vault, settings, tokens):
        self.home, self.volatile = home / "roots", home / "run"
        self.vault, self.settings, self.tokens = vault, settings, tokens

    def __call__(self, root, config, *, test=False, **arguments):

        from saltext.eos.states import eos_terraform

        eos_terraform.__opts__ = {"test": test}
        eos_terraform.__pillar__ = {}
        given = {"secret_id": SECRET_ID, "vault": self.vault, **arguments}
        return eos_terraform.applied(
            "under test", root, config, home=str(self.home), volatile=str(self.volatile),
            program=binary("tofu"), settings=str(self.settings), ca_file=None, **given,
        )  # fmt: skip


@pytest.fixture
def applied(tmp_path, vault, settings, opened, monkeypatch):
    """Apply a root; the Nomad tokens that were leased meanwhile are in ``applied.tokens``."""
    from saltext.eos.utils import terraform_lease

    tokens = []
    lease = terraform_lease.nomad_token

    def recorded(client, role):
        tokens.append(lease(client, role))
        return tokens[-1]

    monkeypatch.setattr(terraform_lease, "nomad_token", recorded)
    return Runner(tmp_path, vault[0], settings, tokens)
