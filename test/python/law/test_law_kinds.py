"""What single objects of Consul and Vault promise beyond the law."""

import pytest

pytestmark = pytest.mark.server

PERMISSION = {"action": "allow", "http": {"path_prefix": "/v1", "methods": ["GET"]}}


@pytest.fixture
def shop(salted):
    """A service that speaks HTTP, so that its requests can be judged."""
    salted.serve("consul")
    wanted = {"name": "judged", "protocol": "http"}
    assert salted.state("consul_service_defaults.present", **wanted)["result"] is True
    yield salted
    salted.state("consul_intention.absent", name="judged", source="web")
    salted.state("consul_service_defaults.absent", name="judged")


def test_an_intention_goes_from_all_to_some_requests_and_back(shop):
    """Mutation: send what was read together with what is wanted, and Consul refuses both."""
    names = {"name": "judged", "source": "web"}
    for wanted in ({"action": "allow"}, {"permissions": [PERMISSION]}, {"action": "deny"}):
        result = shop.state("consul_intention.present", **names, **wanted)
        assert result["result"] is True, result
        assert shop.state("consul_intention.present", **names, **wanted)["changes"] == {}


def test_a_condition_that_somebody_added_is_taken_away(shop):
    """Mutation: compare only what is wanted of an item, and one more condition stays unseen."""
    from saltext.eos.utils.settings import connect

    names = {"name": "judged", "source": "web"}
    wanted = {**names, "permissions": [PERMISSION]}
    assert shop.state("consul_intention.present", **wanted)["result"] is True
    wider = {"PathPrefix": "/v1", "Methods": ["GET"], "Header": [{"Name": "x", "Present": True}]}
    connect("consul", shop.opts).put(
        "/v1/connect/intentions/exact?source=web&destination=judged",
        {"Permissions": [{"Action": "allow", "HTTP": wider}]},
    )
    result = shop.state("consul_intention.present", **wanted)
    assert set(result["changes"]) == {"permissions"}, result
    assert shop.modules["consul_intention.get"](**names)["permissions"][0]["http"].get(
        "header"
    ) in (None, [])


def test_both_ways_to_judge_are_refused_and_nothing_is_sent(shop):
    shop.sent.clear()
    result = shop.state(
        "consul_intention.present", name="judged", source="web", action="allow",
        permissions=[PERMISSION],
    )  # fmt: skip
    assert result["result"] is False
    assert "expected at most one of action, permissions" in result["comment"]
    assert shop.wrote == []


def test_keys_of_a_provider_move_from_here_to_elsewhere(salted):
    """Mutation: lay the new keys over the old ones, and Consul says that there are two places."""
    salted.serve("consul")
    local = {"local": {"jwks": '{"keys":[]}'}}
    remote = {"remote": {"uri": "https://login.example/keys"}}
    try:
        for keys in (local, remote, local):
            result = salted.state(
                "consul_jwt_provider.present", name="moving", json_web_key_set=keys
            )
            assert result["result"] is True, result
            again = salted.state(
                "consul_jwt_provider.present", test=True, name="moving", json_web_key_set=keys
            )
            assert again["changes"] == {}, again
    finally:
        salted.state("consul_jwt_provider.absent", name="moving")


def test_two_tokens_of_one_description_are_not_guessed_between(salted):
    """Mutation: take the first, and a token of somebody else is changed or deleted."""
    from saltext.eos.utils.settings import connect

    salted.serve("consul")
    consul = connect("consul", salted.opts)
    made = [consul.put("/v1/acl/token", {"Description": "twins"}) for _ in range(2)]
    try:
        for function in ("present", "absent"):
            result = salted.state(f"consul_acl_token.{function}", name="twins")
            assert result["result"] is False
            assert "there are 2" in result["comment"]
            assert salted.wrote == []
    finally:
        for one in made:
            consul.delete(f"/v1/acl/token/{one['AccessorID']}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("law/with space", "a b"),
        ("law/quotes'\"*?#%&+", "'\"\n\t\\"),
        ("law/emoji-🧂", "🧂" * 1000),
        ("law/empty", ""),
    ],
)
def test_a_key_that_consul_takes_is_kept_to_the_letter(salted, name, value):
    """Mutation: put the key into the path as it is, and another key is written, or none."""
    from saltext.eos.utils.settings import connect

    salted.serve("consul")
    try:
        result = salted.state("consul_kv.present", name=name, value=value)
        assert result["result"] is True, result
        again = salted.state("consul_kv.present", name=name, value=value)
        assert again["changes"] == {}, again
        assert (salted.modules["consul_kv.get"](name=name)["value"] or "") == value
        assert name in connect("consul", salted.opts).get("/v1/kv/law/?keys=true")
    finally:
        salted.state("consul_kv.absent", name=name)


BAD = ["a*", 'a"b', "a'b", "a\nb", "a\0b", "a/b", "🧂", "", ".", "..", "x" * 65_536, "a b"]
NAMED = [
    ("consul_acl_policy", {}),
    ("consul_acl_role", {}),
    ("consul_acl_auth_method", {"config": {"jwt_validation_pub_keys": ["x"]}}),
    ("consul_prepared_query", {"service": "web"}),
    ("consul_service_defaults", {}),
    ("consul_service_resolver", {}),
    ("consul_intention", {"source": "web", "action": "allow"}),
    ("consul_api_gateway", {"listeners": []}),
    ("consul_jwt_provider", {"json_web_key_set": {"local": {"jwks": "{}"}}}),
    ("vault_jwt_role", {"mount": "jwt", "user_claim": "sub", "bound_audiences": ["x"]}),
]


@pytest.mark.parametrize(("resource", "rest"), NAMED, ids=[one[0] for one in NAMED])
def test_a_name_that_is_none_is_refused_and_nothing_is_sent(salted, resource, rest):
    """Mutation: leave the pattern of the name out, and the server is asked for it."""
    salted.serve(resource.split("_")[0])
    for name in BAD:
        result = salted.state(f"{resource}.present", name=name, **rest)
        assert result["result"] is False, (name[:20], result)
        assert result["comment"].startswith("name: expected "), result["comment"][:200]
        assert "; found " in result["comment"]
        assert len(result["comment"]) < 400
        assert salted.sent == []


WRONG = [
    ("consul_kv", {"name": "a//b"}, "name: expected"),
    ("consul_kv", {"name": "/a"}, "name: expected"),
    ("consul_kv", {"name": "a/../b"}, "name: expected"),
    ("consul_kv", {"name": "a", "flags": "many"}, "flags: expected integer"),
    ("consul_kv", {"name": "a", "value": 7}, "value: expected string"),
    ("consul_mesh", {"name": "other"}, 'name: expected "mesh"'),
    ("consul_proxy_defaults", {"name": "local"}, 'name: expected "global"'),
    ("consul_service_defaults", {"name": "a", "protocol": "htpp"}, "did you mean http"),
    ("consul_acl_token", {"name": "t", "secret_id": "5f0c6a52"}, "the place of a secret"),
    ("consul_prepared_query", {"name": "q", "service": "w", "ttl": "soon"}, "a span of time"),
    (
        "consul_service_router",
        {"name": "r", "routes": [{"match": {"http": {"path": "/"}}}]},
        "routes:0:match:http:path: expected one of path_exact",
    ),
    ("vault_mount", {"name": "kv", "type": "kv", "max_lease_ttl": "1.5 h"}, "max_lease_ttl"),
    ("vault_mount", {"name": "kv/", "type": "kv"}, "name: expected"),
    ("vault_audit_device", {"name": "a", "type": "fil", "options": {}}, "did you mean file"),
    ("vault_auth_method", {"name": "a", "type": "jwt", "token_type": "x"}, "token_type"),
]


@pytest.mark.parametrize(("resource", "arguments", "message"), WRONG)
def test_a_wrong_value_is_named_and_nothing_is_sent(salted, resource, arguments, message):
    """Mutation: send first and ask later, and the server's words come instead of ours."""
    salted.serve(resource.split("_")[0])
    result = salted.state(f"{resource}.present", **arguments)
    assert result["result"] is False
    assert message in result["comment"]
    assert "expected" in result["comment"]
    assert "found" in result["comment"]
    assert result["changes"] == {}
    assert salted.sent == []


def test_a_mount_cannot_become_another_engine(salted):
    """Mutation: tune what must be made anew, and Vault says nothing and keeps the old type."""
    salted.serve("vault")
    try:
        made = salted.state("vault_mount.present", name="law/fixed", type="kv")
        assert made["result"] is True, made
        result = salted.state("vault_mount.present", name="law/fixed", type="transit")
        assert result["result"] is False
        assert "cannot change type from 'kv' to 'transit'" in result["comment"]
        assert salted.wrote == []
    finally:
        salted.state("vault_mount.absent", name="law/fixed")


def test_a_kv_engine_is_ready_when_its_state_is(salted):
    """Mutation: drop the hook `after_create`, and the first write meets an engine at work."""
    from saltext.eos.utils.settings import connect

    salted.serve("vault")
    vault = connect("vault", salted.opts)
    for index in range(3):
        name = f"law/ready{index}"
        made = salted.state("vault_mount.present", name=name, type="kv", options={"version": "2"})
        assert made["result"] is True, made
        vault.post(f"/v1/{name}/data/first", {"data": {"a": "b"}})
        salted.state("vault_mount.absent", name=name)


def test_a_field_that_consul_does_not_know_yet_is_left_out_with_a_note(salted, monkeypatch):
    """Mutation: send it all the same, and an older Consul refuses the whole entry."""
    from saltext.eos.utils import consul, versions

    salted.serve("consul")
    incoming = {"request_normalization": {"merge_slashes": True}}
    wanted = {"sanitize_x_forwarded_client_cert": True, "incoming": incoming}
    versions._known.clear()
    own = consul.ObjectClient.version
    monkeypatch.setattr(consul.ObjectClient, "version", lambda _: "1.20.0")
    try:
        result = salted.state("consul_mesh.present", name="mesh", http=wanted)
        assert result["result"] is True, result
        assert (
            "http:incoming is left out: it needs 1.20.1, the server has 1.20.0"
            in (result["comment"])
        )
        found = salted.modules["consul_mesh.get"](name="mesh")["http"]
        assert found["sanitize_x_forwarded_client_cert"] is True
        assert found.get("incoming") is None
        again = salted.state("consul_mesh.present", name="mesh", http=wanted)
        assert (again["result"], again["changes"], salted.wrote) == (True, {}, [])
        versions._known.clear()
        monkeypatch.setattr(consul.ObjectClient, "version", own)
        now = salted.state("consul_mesh.present", test=True, name="mesh", http=wanted)
        assert set(now["changes"]) == {"http"}, now
    finally:
        versions._known.clear()
        salted.state("consul_mesh.absent", name="mesh")


def test_no_key_at_all_is_an_empty_list(salted):
    """Mutation: take 404 of the whole store for an error, and a new Consul cannot be listed."""
    salted.serve("consul")
    assert salted.modules["consul_kv.list"]() == []


# What Consul 1.22 has besides what is declared: Enterprise only, or made by Consul itself.
ENTERPRISE = {"sameness-group", "control-plane-request-limit"}
OWN = {"bound-api-gateway"}


def test_every_kind_of_entry_that_consul_takes_is_declared(salted):
    """Mutation: leave `service-intentions` to the other way that Consul has for them."""
    from law_tables import TABLES, spec_of

    from saltext.eos.utils.http import HttpError
    from saltext.eos.utils.settings import connect

    salted.serve("consul")
    client = connect("consul", salted.opts)
    specs = [spec_of(table) for table in TABLES if table["service"] == "consul"]
    reads = [spec["find"].get("read", "") for spec in specs]
    declared = {read.split("/")[3] for read in reads if read.startswith("GET /v1/config/")}
    assert declared == {
        "api-gateway", "exported-services", "file-system-certificate", "http-route",
        "ingress-gateway", "inline-certificate", "jwt-provider", "mesh", "proxy-defaults",
        "service-defaults", "service-intentions", "service-resolver", "service-router",
        "service-splitter", "tcp-route", "terminating-gateway",
    }  # fmt: skip
    for kind in (*ENTERPRISE, *OWN, "none-such"):
        with pytest.raises(HttpError):
            client.put("/v1/config", {"Kind": kind, "Name": "default"})
