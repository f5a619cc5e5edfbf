"""Start real servers for a test, on free ports of the loopback, and end them afterwards."""

import contextlib
import json
import shutil
import time

from programs import binary, free_ports, running


@contextlib.contextmanager
def nomad(home, token):
    """A Nomad agent, server and client, with ACLs and the driver raw_exec."""
    from saltext.eos.utils.http import Client

    http, rpc, serf = free_ports(3)
    home.mkdir(parents=True, exist_ok=True)
    settings = {
        "bind_addr": "127.0.0.1",
        "data_dir": str(home / "data"),
        "advertise": dict.fromkeys(("http", "rpc", "serf"), "127.0.0.1"),
        "ports": {"http": http, "rpc": rpc, "serf": serf},
        "server": {"enabled": True, "bootstrap_expect": 1},
        "client": {
            "enabled": True,
            "options": {
                "driver.allowlist": "raw_exec",
                "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean",
            },
            "meta": {"eos_gate_vault": "open"},
        },
        "plugin": {"raw_exec": {"config": {"enabled": True}}},
        "acl": {"enabled": True},
        # Never asked: so that jobs which use Vault through their identity are valid here.
        "vault": {
            "enabled": True,
            "address": "http://127.0.0.1:1",
            "default_identity": {"aud": ["vault.io"], "ttl": "1h"},
        },
        # Vault's Nomad engine opens a connection per lease and leaves it idle for 90 s.
        "limits": {"http_max_conns_per_client": 1000},
        "disable_update_check": True,
    }
    (home / "nomad.json").write_text(json.dumps(settings))
    address = f"http://127.0.0.1:{http}"
    open_client = Client(address, timeout=5, attempts=1)
    client = Client(address, headers={"X-Nomad-Token": token}, timeout=10)
    command = [binary("nomad"), "agent", f"-config={home}/nomad.json"]
    with running(command, home, lambda: open_client.get("/v1/status/leader")) as agent:
        for _ in range(50):
            with contextlib.suppress(Exception):
                open_client.put("/v1/acl/bootstrap", {"BootstrapSecret": token})
                break
            time.sleep(0.3)
        for _ in range(100):
            if any(one["Status"] == "ready" for one in client.get("/v1/nodes")):
                break
            time.sleep(0.3)
        try:
            yield address, client
        finally:
            for job in client.get("/v1/jobs?namespace=*"):
                client.delete(f"/v1/job/{job['ID']}?namespace={job['Namespace']}&purge=true")
            time.sleep(1)
            del agent


@contextlib.contextmanager
def vault(home):
    """A Vault in development mode: gives its address and a client with its root token."""
    from saltext.eos.utils.http import Client

    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    command = [
        binary("vault"), "server", "-dev", "-dev-root-token-id=root", "-dev-no-store-token",
        f"-dev-listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    probe = Client(address, timeout=3, attempts=1)
    with running(command, home, lambda: probe.get("/v1/sys/health")):
        yield address, Client(address, headers={"X-Vault-Token": "root"})


def provider_mirror(home):
    """Lay the provider stand-in out as a mirror; give the CLI configuration that names it."""
    source = binary("provider-nomad", "terraform-provider-nomad_v2.6.1")
    for registry in ("registry.opentofu.org", "registry.terraform.io"):
        folder = home / "mirror" / registry / "hashicorp/nomad/2.6.1+standin/linux_amd64"
        folder.mkdir(parents=True)
        shutil.copy2(source, folder / "terraform-provider-nomad_v2.6.1")
    settings = home / "terraform.tfrc"
    settings.write_text(
        "disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n"
        f'    path = "{home}/mirror"\n  }}\n}}\n'
    )
    return settings
