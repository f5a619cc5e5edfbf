"""A real Vault that is sealed and opened, and tokens of a real Consul and a real Nomad that end."""

from __future__ import annotations

import json
import subprocess
import time
from typing import NamedTuple

import pytest
from host_systemd import wait_for
from programs import binary, free_ports

from saltext.eos.beacon_config.eos_host import DEFAULTS
from saltext.eos.events import table
from saltext.eos.utils import hint
from saltext.eos.utils.host_form import Form, Token
from saltext.eos.utils.host_judge import WELL
from saltext.eos.utils.host_kept import Known
from saltext.eos.utils.host_seal import Seal
from saltext.eos.utils.host_token import Tokens
from saltext.eos.utils.host_watch import Watch
from saltext.eos.utils.http import Client, HttpError, Unavailable

pytestmark = pytest.mark.server
NOBODY = "/dev/null"


class Server(NamedTuple):
    """A server that runs, and whoever may do everything there."""

    address: str
    client: Client
    process: subprocess.Popen


def _started(command, address, path, folder):
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    client = Client(address, attempts=1, timeout=5.0)

    def answers():
        try:
            client.get(path)
        except HttpError as err:
            return not isinstance(err, Unavailable)
        return True

    wait_for(answers, f"{command[0]}")
    return process


def _vault(folder):
    (api,) = free_ports(1)
    address = f"http://127.0.0.1:{api}"
    content = {
        "listener": [{"tcp": {"address": f"127.0.0.1:{api}", "tls_disable": True}}],
        "storage": {"file": {"path": str(folder / "data")}}, "disable_mlock": True,
        "api_addr": address,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(content), "utf-8")
    command = [binary("vault"), "server", f"-config={folder / 'config.json'}"]
    return address, _started(command, address, "/v1/sys/seal-status", folder)


def _ended(process):
    process.kill()
    process.wait()


def test_a_vault_is_sealed_and_opened(tmp_path, monkeypatch):
    for verb in ("sealed", "unsealed"):
        monkeypatch.setitem(table.TABLE["vault/seal"]["verbs"][verb], "settle_seconds", 0)
    address, process = _vault(tmp_path)
    client = Client(address)
    watch = Watch(
        tmp_path / "books", "n1", Known(Form({}, vault=(address, "vault.service"))), dict(DEFAULTS)
    )
    (aside,) = watch._asides
    aside._every = 0.05

    def records(wanted):
        def came():
            watch.step()
            return len(watch._books.state["records"]) >= wanted

        wait_for(came, f"{wanted} records")
        return watch._books.state["records"]

    def looked():
        """Let two whole looks pass."""
        for _ in range(2):
            before = aside._begun
            wait_for(lambda before=before: watch.step() or aside._begun != before, "a look")
        return watch._books.state["records"]

    try:
        # Nobody has lost anything while it was never initialised.
        assert looked() == []
        made = client.put("/v1/sys/init", {"secret_shares": 3, "secret_threshold": 2})
        assert [one["verb"] for one in records(1)] == ["sealed"]
        for key in made["keys"][:2]:
            client.put("/v1/sys/unseal", {"key": key})
        assert [one["verb"] for one in records(2)] == ["sealed", "unsealed"]
        assert len(looked()) == 2
        holder = Client(address, headers={"X-Vault-Token": made["root_token"]})
        holder.put("/v1/sys/seal")
        client.put("/v1/sys/unseal", {"key": made["keys"][0]})
        told = records(3)
        assert told[2]["verb"] == "sealed"
        assert told[2]["change"]["threshold"] == 2
        assert len({hint.id_of("n1", one) for one in told}) == 3
        for one in told:
            sent = hint.envelope("n1", one, "e", one["n"])
            assert hint.problem("n1", one, sent, "eos_host") is None
            assert made["root_token"] not in json.dumps(sent)
        # A Vault that does not answer is neither: its unit is another fact.
        _ended(process)
        assert len(looked()) == 3
    finally:
        _ended(process)
        watch.close()


def test_it_says_whether_the_process_was_restarted_or_somebody_sealed_it(tmp_path):
    address, process = _vault(tmp_path)
    lives = ["first"]
    seal = Seal(address, NOBODY, "n1", lambda: lives[-1])
    try:
        made = Client(address).put("/v1/sys/init", {"secret_shares": 1, "secret_threshold": 1})
        # It was never seen open, so nothing shows that nobody sealed it.
        assert seal.look()[0].payload["verdict"] == {"cause": "sealed"}
        Client(address).put("/v1/sys/unseal", {"key": made["keys"][0]})
        assert seal.look()[0].level == WELL
        Client(address, headers={"X-Vault-Token": made["root_token"]}).put("/v1/sys/seal")
        assert seal.look()[0].payload["verdict"] == {"cause": "sealed"}
        lives.append("second")
        (seen,) = seal.look()
        assert seen.payload["verdict"] == {"cause": "restarted"}
        assert seen.mark == "second"
    finally:
        _ended(process)


@pytest.fixture(scope="module")
def consul(tmp_path_factory):
    folder = tmp_path_factory.mktemp("consul")
    http, grpc, lan, wan, server, dns = free_ports(6)
    content = {
        "server": True, "bootstrap_expect": 1, "bind_addr": "127.0.0.1", "node_name": "n1",
        "data_dir": str(folder / "data"), "disable_update_check": True,
        "ports": {"http": http, "grpc": grpc, "grpc_tls": -1, "serf_lan": lan, "serf_wan": wan,
                  "server": server, "dns": dns},
        "acl": {"enabled": True, "default_policy": "deny",
                "tokens": {"initial_management": "6e1ab06e-0d5b-4f80-8e4d-5f9a9c1d2e3f"}},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(content), "utf-8")
    address = f"http://127.0.0.1:{http}"
    command = [binary("consul"), "agent", f"-config-file={folder / 'config.json'}"]
    process = _started(command, address, "/v1/status/leader", folder)
    holder = content["acl"]["tokens"]["initial_management"]
    client = Client(address, headers={"X-Consul-Token": holder})
    wait_for(lambda: _works(client), "Consul's leader")
    yield Server(address, client, process)
    _ended(process)


@pytest.fixture(scope="module")
def nomad(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nomad")
    http, rpc, serf = free_ports(3)
    content = {
        "bind_addr": "127.0.0.1",
        "advertise": dict.fromkeys(("http", "rpc", "serf"), "127.0.0.1"),
        "data_dir": str(folder / "data"), "name": "n1",
        "disable_update_check": True, "ports": {"http": http, "rpc": rpc, "serf": serf},
        "server": {"enabled": True, "bootstrap_expect": 1}, "acl": {"enabled": True,
                                                                  "token_min_expiration_ttl": "1s"},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(content), "utf-8")
    address = f"http://127.0.0.1:{http}"
    command = [binary("nomad"), "agent", f"-config={folder / 'config.json'}"]
    process = _started(command, address, "/v1/status/leader", folder)
    made = []

    def bootstrapped():
        try:
            made.append(Client(address, attempts=1).post("/v1/acl/bootstrap"))
        except HttpError:
            return False
        return True

    wait_for(bootstrapped, "Nomad's leader")
    client = Client(address, headers={"X-Nomad-Token": made[0]["SecretID"]})
    yield Server(address, client, process)
    _ended(process)


def _works(client):
    try:
        return client.get("/v1/acl/token/self")
    except HttpError:
        return False


def _consul_token(server, **fields):
    return server.client.put("/v1/acl/token", {"Description": "of a test", **fields})


def _nomad_token(server, **fields):
    return server.client.post("/v1/acl/token", {"Name": "t", "Type": "management", **fields})


@pytest.mark.parametrize(
    ("service", "make", "ttl"),
    [("consul", _consul_token, "90s"), ("nomad", _nomad_token, 90_000_000_000)],
)
def test_a_token_near_its_end_is_told_and_no_secret_with_it(
    request, tmp_path, service, make, ttl, monkeypatch
):
    server = request.getfixturevalue(service)
    file = tmp_path / f"{service}.token"
    tokens = Tokens({str(file): Token("sidecar", service, server.address)}, NOBODY, 30, "n1")
    lasting = make(server)
    file.write_text(f"{lasting['SecretID']}\n", "ascii")
    (seen,) = tokens.look()
    assert (seen.level, seen.payload["change"]) == (WELL, {"ends": None})
    short = make(server, ExpirationTTL=ttl)
    file.write_text(short["SecretID"], "ascii")
    (seen,) = tokens.look()
    assert seen.level == WELL
    assert 90 < seen.payload["verdict"]["left"] <= 100
    now = time.time()
    monkeypatch.setattr("saltext.eos.utils.host_token.time.time", lambda: now + 70)
    (seen,) = tokens.look()
    assert seen.level == "expiring"
    assert seen.payload["verdict"]["cause"] == "expiring"
    assert seen.mark == f"{short['AccessorID']}:expiring"
    record = {
        "n": 1, "boot": "b", "kind": seen.verb(), "event": seen.event, "verb": seen.verb(),
        **seen.payload, "mark": seen.mark, "occurred": seen.occurred, "evidence": [],
    }  # fmt: skip
    made = hint.envelope("n1", record, "e", 1)
    assert hint.problem("n1", record, made, "eos_host") is None
    assert short["SecretID"] not in json.dumps(made)
    assert short["SecretID"] not in table.says(made)


@pytest.mark.parametrize("service", ["consul", "nomad"])
def test_a_token_that_its_server_does_not_know_is_told_as_refused(request, tmp_path, service):
    server = request.getfixturevalue(service)
    file = tmp_path / f"{service}.token"
    file.write_text("11111111-2222-3333-4444-555555555555", "ascii")
    tokens = Tokens({str(file): Token("sidecar", service, server.address)}, NOBODY, 30, "n1")
    (seen,) = tokens.look()
    assert seen.level == "expiring"
    assert seen.payload["verdict"] == {"cause": "refused", "left": None}


def test_a_server_that_is_not_there_and_a_file_that_is_empty_say_nothing(tmp_path):
    (port,) = free_ports(1)
    file = tmp_path / "consul.token"
    named = {str(file): Token("sidecar", "consul", f"http://127.0.0.1:{port}")}
    tokens = Tokens(named, NOBODY, 30, "n1")
    assert tokens.look() == []
    for content in ("", "x"):
        file.write_text(content, "ascii")
        assert tokens.look() == []
