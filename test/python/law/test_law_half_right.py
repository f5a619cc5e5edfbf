"""Servers whose answers are right until a point: what was done is said, what is wrong is named."""

import base64
import json

import pytest
from law_script import ECHO, asked, scripted, wrapped
from law_states import quiet, refused
from salt.exceptions import CommandExecutionError

GENERATED, CONFIG = "vault_generated.present", "vault_auth_config.present"
TREE, CHECK = "consul_kv_tree.present", "consul_check.present"
DOWN = (500, {"errors": ["down"]})
MOUNT = "GET /v1/sys/internal/ui/mounts/kv/app"
ENGINE = wrapped({"path": "kv/", "type": "kv", "options": {"version": "2"}})
HELD = wrapped({"data": {"user": "theirs-7"}, "metadata": {"version": 3}})
DATA, POSTED = "/v1/kv/data/app", wrapped({"version": 4})
PEERS = "GET /v1/sys/storage/raft/configuration"
HEALTH = "GET /v1/sys/storage/raft/autopilot/state"
CHECKS = "GET /v1/agent/checks"


@pytest.fixture
def script(monkeypatch):
    """A server for one test, asked without waiting between tries."""
    from saltext.eos.utils import http, kv_tree

    monkeypatch.setattr(http, "BACK_OFF", 0.0)
    monkeypatch.setattr(kv_tree, "PAUSE", 0.0)
    with scripted() as made:
        yield made


def raft(**other):
    """Give what Vault says of two peers, with one part of it replaced."""
    peer = {"address": "x", "voter": True}
    one, two = {**peer, "node_id": "v1", "leader": True}, {**peer, "node_id": "v2", "leader": False}
    said = {"config": {"servers": [one, two]}, **other}
    return wrapped(said)


def health(servers=None):
    """Give what autopilot says of them."""
    both = {"v1": {"healthy": True}, "v2": {"healthy": True}}
    return wrapped({"servers": both if servers is None else servers})


def test_what_was_made_is_said_though_it_cannot_be_read_again(script):
    """Mutation: give no changes with the failure, and nobody knows that a secret was made."""
    script.says(MOUNT, ENGINE).says(f"GET {DATA}", HELD, DOWN).says(f"POST {DATA}", POSTED)
    result = asked(script, "vault").state(GENERATED, name="kv/app", fields={"p": "uuid"})
    assert result["result"] is False
    assert result["changes"] == {"p": {"old": None, "new": "***"}}
    assert script.bodies[0]["data"]["user"] == "theirs-7"


def test_a_peer_that_was_removed_is_said_though_nobody_answers_again(script):
    """Mutation: give no changes with the failure, and the peer is missed by nobody."""
    script.says(PEERS, raft(), DOWN).says(HEALTH, health())
    script.says("POST /v1/sys/storage/raft/remove-peer", (204, None))
    result = asked(script, "vault").state("vault_raft_peer.absent", name="v2")
    assert result["result"] is False
    assert result["changes"]["voter"] == {"old": True, "new": None}


def test_maintenance_that_began_is_said_though_nobody_answers_again(script):
    """Mutation: give no changes with the failure, and a node stays in maintenance unseen."""
    script.says(CHECKS, (200, {}), DOWN).says("PUT /v1/agent/maintenance", (200, None))
    home = asked(script, "consul")
    result = home.state("consul_maintenance.enabled", name="x", reason="y")
    assert result["result"] is False
    assert result["changes"] == {"maintenance": {"old": None, "new": "y"}}


def test_a_check_that_was_taken_away_is_said_when_the_new_one_is_refused(script):
    """Mutation: give no changes with the failure, and the old check is missed by nobody."""
    held = {"CheckID": "c", "Name": "C", "Type": "tcp", "Notes": "", "ServiceID": ""}
    script.says(CHECKS, (200, {"c": held})).says("PUT /v1/agent/check/deregister/c", (200, None))
    script.says("PUT /v1/agent/check/register", (400, "no"))
    result = asked(script, "consul").state(CHECK, name="c", title="C", type="ttl", ttl="5m")
    assert result["result"] is False
    assert result["changes"]["type"] == {"old": "tcp", "new": None}


@pytest.mark.parametrize("status", [400, 403, 500, 503])
def test_what_a_server_repeats_of_a_secret_is_not_said(script, tmp_path, status):
    """Mutation: give the server's words, and a secret and its neighbours are in the job cache."""
    script.says(MOUNT, ENGINE).says(f"GET {DATA}", HELD).says(f"POST {DATA}", (status, ECHO))
    home = asked(script, "vault", "consul")
    said = [home.state(GENERATED, name="kv/app", fields={"p": "uuid"})]
    made = [script.bodies[-1]["data"]["p"], "theirs-7"]
    token = base64.b64encode(b'{"PeerID": "1", "EstablishmentSecret": "s"}').decode()
    script.says("POST /v1/peering/token", (200, {"PeeringToken": token}))
    place = {"vault": {"path": "kv/app", "field": "west"}}
    said.append(home.state("consul_peering.token_written", name="west", place=place))
    script.says("POST /v1/peering/establish", (status, ECHO))
    (tmp_path / "token").touch(0o600)
    (tmp_path / "token").write_text(token)
    place = {"file": str(tmp_path / "token")}
    said.append(home.state("consul_peering.established", name="east", token=place))
    assert [one["result"] for one in said] == [False, False, False], said
    for secret in (*made, token):
        assert secret not in json.dumps(said)
    assert all(str(status) in one["comment"] for one in said)


PEERING = {"Name": "west", "State": "ACTIVE"}
RIGHT_CHECK = {"CheckID": "c", "Name": "C", "Type": "ttl"}
MODULES = [
    ("vault_raft_peer.list", (), {PEERS: raft(config="x"), HEALTH: health()}),
    ("vault_raft_peer.list", (), {PEERS: raft(config={"servers": "x"}), HEALTH: health()}),
    ("vault_raft_peer.list", (), {PEERS: raft(), HEALTH: health(["x"])}),
    ("vault_raft_peer.list", (), {PEERS: raft(), HEALTH: health({"v1": "x"})}),
    ("vault_raft_peer.list", (), {PEERS: raft(config={"servers": ["x"]}), HEALTH: health()}),
    *(
        ("consul_peering.get", ("west",), {"GET /v1/peering/west": (200, {**PEERING, part: "x"})})
        for part in ("StreamStatus", "Remote")
    ),
    (
        "vault_generated.fields",
        ("kv/app",),
        {MOUNT: wrapped({"path": "kv/", "type": "kv", "options": "x"})},
    ),
    *(
        ("vault_generated.fields", ("kv/app",), {MOUNT: ENGINE, f"GET {DATA}": wrapped(held)})
        for held in (
            {"data": "x", "metadata": {"version": 1}},
            {"data": {}, "metadata": "x"},
            {"data": {}, "metadata": {"version": "x"}},
        )
    ),
    *(
        ("consul_check.list", (), {CHECKS: (200, {"c": {**RIGHT_CHECK, "Interval": span}})})
        for span in ("soon", {"a": 1}, [1])
    ),
]


@pytest.mark.parametrize(("function", "arguments", "lines"), MODULES)
def test_what_is_wrong_inside_is_an_error_in_our_words(script, function, arguments, lines):
    """Mutation: look at the outermost level alone, and a person reads a traceback."""
    for call, answer in lines.items():
        script.says(call, answer)
    with pytest.raises(CommandExecutionError, match="look for something else at that address"):
        asked(script, function.partition("_")[0]).modules[function](*arguments)


def test_a_provider_that_is_none_is_an_error_of_the_state(script):
    """Mutation: index into the answer, and a person reads a traceback."""
    script.says("GET /v1/auth/jwt/config", wrapped({"provider_config": "x", "bound_issuer": "a"}))
    script.says("GET /v1/sys/internal/ui/mounts/auth/jwt", wrapped({"path": "jwt/"}))
    said = refused(asked(script, "vault"), CONFIG, name="jwt", config={"bound_issuer": "b"})
    assert said.startswith("provider_config of auth/jwt is no answer")


REFUSALS = [
    ("Permission denied: token lacks permission 'key:write'", "the token may not write 'app/a'"),
    ("failed to lock: lock delay", "Consul refuses 'app/a': failed to lock: lock delay"),
]


@pytest.mark.parametrize(("what", "expected"), REFUSALS)
def test_a_transaction_that_is_refused_is_not_tried_again(script, what, expected):
    """Mutation: take each 409 for a race, and a token that may not write is tried three times."""
    script.says("GET /v1/kv/app/", (200, []))
    script.says("PUT /v1/txn", (409, {"Results": None, "Errors": [{"OpIndex": 0, "What": what}]}))
    home = asked(script, "consul")
    result = home.state(TREE, name="app", keys={"a": "b"})
    assert (result["result"], result["changes"]) == (False, {})
    assert expected in result["comment"], result["comment"]
    assert home.wrote == [("PUT", "/v1/txn")]


def test_a_key_that_another_wrote_meanwhile_is_tried_three_times(script):
    """Mutation: take a stale index for a refusal, and two writers need a second run."""
    stale = {"OpIndex": 0, "What": 'failed to set key "app/a", index is stale'}
    script.says("GET /v1/kv/app/", (200, [])).says("PUT /v1/txn", (409, {"Errors": [stale]}))
    home = asked(script, "consul")
    result = home.state(TREE, name="app", keys={"a": "b"})
    assert "another has written 'app/a' meanwhile" in result["comment"]
    assert len(home.wrote) == 3


def test_without_autopilot_nobody_is_healthy_and_it_is_said_why(script):
    """Mutation: take its 404 for an error, and the list of peers cannot be read at all."""
    script.says(PEERS, raft())
    home = asked(script, "vault")
    assert home.modules["vault_raft_peer.list"]()["v2"]["healthy"] is None
    said = refused(home, "vault_raft_peer.healthy", name="v2")
    assert "is of unknown health, because Vault's autopilot does not speak of it" in said
    assert "are known to be healthy" in refused(home, "vault_raft_peer.absent", name="v2")


def test_a_mount_is_no_secret(script):
    """Mutation: cut off a mount that the path does not begin with, and `kv/app` is inside it."""
    engine = {"path": "kv/app/", "type": "kv", "options": {"version": "2"}}
    script.says(MOUNT, wrapped(engine))
    said = refused(asked(script, "vault"), GENERATED, name="kv/app", fields={"p": "uuid"})
    assert said.startswith("kv/app is the engine itself; expected the path of a secret below")


def test_a_peering_that_was_used_needs_no_token_while_the_other_is_away(script, tmp_path):
    """Mutation: believe PENDING, and a leader's change makes a live secret that nobody fetches."""
    used = {"Name": "west", "State": "PENDING", "Remote": {"Datacenter": "dc1"}}
    script.says("GET /v1/peering/west", (200, used))
    place = {"file": str(tmp_path / "token")}
    quiet(asked(script, "consul"), "consul_peering.token_written", name="west", place=place)


def test_a_refused_minion_is_not_a_refused_token(script, tmp_path):
    """Mutation: blame the token for each refusal, and a new one is carried over for nothing."""
    (tmp_path / "token").touch(0o600)
    (tmp_path / "token").write_text("x")
    home, place = asked(script, "consul"), {"file": str(tmp_path / "token")}
    expected = {
        "Permission denied: lacks peering:write": "not the token of peering east; expected an ACL",
        "a new peering token must be generated: invalid": "cannot use the token of peering east",
    }
    for said, words in expected.items():
        script.says("POST /v1/peering/establish", (403, said))
        result = home.state("consul_peering.established", name="east", token=place)
        assert words in result["comment"], result


def test_a_peering_that_is_on_its_way_is_no_failure_of_a_prediction(script):
    """Mutation: wait no time in test mode and fail, where the run waits and passes."""
    script.says("GET /v1/peering/east", (200, {"Name": "east", "State": "ESTABLISHING"}))
    home, place = asked(script, "consul"), {"file": "/none"}
    result = home.state("consul_peering.established", test=True, name="east", token=place)
    assert (result["result"], result["changes"]) == (None, {}), result
    assert "it would have been waited for" in result["comment"]


def test_a_sealed_vault_is_asked_without_a_token(script):
    """Mutation: ask for the token first, and nobody is told that Vault is sealed."""
    known = {"sealed": True, "initialized": True, "n": 3, "t": 2, "progress": 1}
    script.says("GET /v1/sys/seal-status", (200, known))
    home = asked(script, "vault")
    home.opts["eos"]["connections"]["vault"]["token_file"] = "/nowhere/token"
    assert home.modules["vault_seal.status"]()["sealed"] is True


def test_a_peering_that_does_not_work_in_time_is_not_said_to_be_active(script, tmp_path):
    """Mutation: give as changes what was wanted, and the job cache has it active."""
    place = tmp_path / "token"
    place.touch(0o600)
    place.write_text("a token")
    script.says("GET /v1/peering/east", (404, ""), (200, {"Name": "east", "State": "ESTABLISHING"}))
    script.says("POST /v1/peering/establish", (200, {}))
    given = {"name": "east", "token": {"file": str(place)}, "within": 1}
    result = asked(script, "consul").state("consul_peering.established", **given)
    state = {"state": {"old": None, "new": "ESTABLISHING"}}
    assert (result["result"], result["changes"]) == (False, state), result


def gsuite(*, account=None):
    """Give the configuration of a method with Google's groups, as Vault shows or takes it."""
    inner = {"provider": "gsuite", "gsuite_admin_impersonate": "a@b.example"}
    return {**inner, **({"gsuite_service_account": account} if account else {})}


def test_an_account_of_google_comes_from_its_place_and_is_not_compared(script, tmp_path):
    """Mutation: compare it with what Vault hides, and each run writes; or let it into pillar."""
    known = {"provider_config": gsuite(), "bound_issuer": "a"}
    after = {**known, "bound_issuer": "b"}
    script.says("GET /v1/auth/jwt/config", wrapped(known), wrapped(known), wrapped(after))
    script.says("GET /v1/sys/internal/ui/mounts/auth/jwt", wrapped({"path": "jwt/"}))
    script.says("POST /v1/auth/jwt/config", (204, None))
    script.says("GET /v1/auth/jwt/config?help=1", (200, {}))
    home = asked(script, "vault")
    wanted = {"provider_config": gsuite(account="hunter22"), "bound_issuer": "b"}
    said = refused(home, CONFIG, name="jwt", config=wanted)
    where = "config:provider_config:gsuite_service_account: expected a setting that may be shown"
    assert said.startswith(where)
    assert "hunter22" not in said
    (tmp_path / "account").touch(0o600)
    (tmp_path / "account").write_text("hunter22")
    given = {"name": "jwt", "config": {"provider_config": gsuite(), "bound_issuer": "b"}}
    result = home.state(CONFIG, test=True, **given)
    assert result["comment"].startswith("secrets:provider_config.gsuite_service_account: expected")
    place = {"provider_config.gsuite_service_account": {"file": str(tmp_path / "account")}}
    result = home.state(CONFIG, **given, secrets=place)
    assert result["result"] is True, result
    assert set(result["changes"]) == {"bound_issuer"}
    assert script.bodies == [{"provider_config": gsuite(account="hunter22"), "bound_issuer": "b"}]


def test_what_vault_ignores_is_said(script, tmp_path):
    """Mutation: throw its warnings away, and a misspelt secret was never written."""
    (tmp_path / "bind").touch(0o600)
    (tmp_path / "bind").write_text("hunter22")
    known, ignored = {"url": "a"}, "Endpoint ignored these unrecognized parameters: [bindpas url_x]"
    script.says("GET /v1/auth/ldap/config", wrapped(known), wrapped({"url": "b"}))
    script.says("GET /v1/sys/internal/ui/mounts/auth/ldap", wrapped({"path": "ldap/"}))
    script.says("GET /v1/auth/ldap/config?help=1", (200, {}))
    script.says("POST /v1/auth/ldap/config", wrapped(None, warnings=[ignored]))
    secrets = {"bindpas": {"file": str(tmp_path / "bind")}}
    home = asked(script, "vault")
    result = home.state(CONFIG, name="ldap", config={"url": "b"}, secrets=secrets)
    assert (result["result"], set(result["changes"])) == (False, {"url"}), result
    assert "Vault does not know bindpas; expected" in result["comment"]
    assert script.bodies == [{"url": "b", "bindpas": "hunter22"}], "it is sent, and never shown"
    assert "hunter22" not in json.dumps(result)


def place_of(script, path):
    """Give what is said of a secret that is to lie at a path of this Vault."""
    from saltext.eos.utils import placed

    with pytest.raises(CommandExecutionError) as raised:
        placed.opened({"vault": {"path": path, "field": "a"}}, asked(script, "vault").opts)
    return str(raised.value)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("body", [
    {"errors": []}, {"data": {"data": None, "metadata": {"deletion_time": "2026-01-01T00:00:00Z"}}},
])  # fmt: skip
def test_a_secret_that_is_not_there_is_said_with_its_path(script, version, body):
    """Mutation: hand on the 404, and it is looked for who has taken it away."""
    engine = wrapped({"path": "kv/", "type": "kv", "options": {"version": version}})
    script.says("GET /v1/sys/internal/ui/mounts/kv/app/y", engine)
    for url in ("/v1/kv/data/app/y", "/v1/kv/app/y"):
        script.says(f"GET {url}", (404, body))
    said = place_of(script, "kv/app/y")
    assert f"there is no secret at kv/app/y in Vault at {script.address}" in said
    assert ("was deleted" in said) is ("data" in body)
    assert "took it away" not in said


def test_an_engine_that_is_not_there_is_not_only_a_matter_of_policies(script):
    """Mutation: hand on the 403, and the policies of the root token are searched."""
    mount = "GET /v1/sys/internal/ui/mounts/nokv/foo"
    words = "preflight capability check returned 403, please ensure client's policies grant access"
    script.says(mount, (403, {"errors": [words]}))
    said = place_of(script, "nokv/foo")
    assert f"Vault at {script.address} shows no engine that holds nokv/foo" in said
    assert "expected a mount at nokv/" in said
    script.says(mount, (403, {"errors": ["permission denied"]}))
    assert "shows no engine" not in place_of(script, "nokv/foo")
