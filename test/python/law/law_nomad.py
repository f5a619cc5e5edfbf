"""Nomad on the loopback as a stack runs it: TLS is verified, ACLs deny."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certificates
import jobs
from law_servers import Server, served
from programs import binary, free_ports, running, under_law, until_ready
from wheel import ROOT

PLUGIN = Path(__file__).with_name("csi_plugin.mjs")


@contextlib.contextmanager
def nomad(home: Path) -> Iterator[Server]:
    """Run a Nomad server that is its own client, with a management token, until the block ends."""
    from saltext.eos.utils.http import Client

    home.mkdir(parents=True, exist_ok=True)
    authority = certificates.make(home)
    http, rpc, serf = free_ports(3)
    settings = {
        "bind_addr": "127.0.0.1",
        "data_dir": str(home / "data"),
        "advertise": dict.fromkeys(("http", "rpc", "serf"), "127.0.0.1"),
        "ports": {"http": http, "rpc": rpc, "serf": serf},
        "server": {"enabled": True, "bootstrap_expect": 1},
        "name": "n1",
        "client": {
            "enabled": True,
            "options": {
                "driver.allowlist": "raw_exec",
                "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean",
            },
        },
        "plugin": {"raw_exec": {"config": {"enabled": True}}},
        "acl": {"enabled": True, "token_min_expiration_ttl": "1s"},
        "tls": {
            "http": True,
            "ca_file": authority,
            "cert_file": str(home / "own.pem"),
            "key_file": str(home / "own.key"),
            "verify_https_client": False,
        },
        "disable_update_check": True,
    }
    (home / "nomad.json").write_text(json.dumps(settings))
    address = f"https://127.0.0.1:{http}"
    client = Client(address, authority, None, 5, attempts=1)
    command = [binary(under_law("nomad")), "agent", f"-config={home / 'nomad.json'}"]
    with running(command, home, lambda: client.get("/v1/status/leader")):
        token = client.post("/v1/acl/bootstrap")["SecretID"]
        own = Client(address, authority, {"X-Nomad-Token": token}, 10)
        until_ready(lambda: _ready(own), home / "log")
        yield served(home, address, authority, token)
        for job in own.get("/v1/jobs?namespace=*"):
            own.delete(f"/v1/job/{job['ID']}?namespace={job['Namespace']}&purge=true")


def _ready(client: Any) -> bool:
    return any(node["Status"] == "ready" for node in client.get("/v1/nodes"))


def csi_plugin(client: Any, home: Path) -> None:
    """Run a CSI plugin that can make volumes, and wait until Nomad calls it healthy."""
    spec = jobs.job("csi", (str(ROOT / "node_modules/.bin/node"), str(PLUGIN)), Type="system")
    (task,) = spec["TaskGroups"][0]["Tasks"]
    task["CSIPluginConfig"] = {"ID": "hostpath", "Type": "monolith", "MountDir": "/csi"}
    task["Resources"]["MemoryMB"] = 128

    def healthy() -> bool:
        plugin = client.get("/v1/plugin/csi/hostpath")
        return bool(plugin["ControllersHealthy"] and plugin["NodesHealthy"])

    client.put("/v1/jobs", {"Job": spec})
    until_ready(healthy, home / "log")
