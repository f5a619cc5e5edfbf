"""What Eos does not know of an object: it is kept, or the change is refused; and whose it is."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.server

BALANCED = {
    "policy": "ring_hash",
    "hash_policies": [{"field": "cookie", "field_value": "session", "terminal": True}],
}
COOKIE = {"Path": "/shop"}


def client_of(salted, service):
    """Give a client of the test's own."""
    from saltext.eos.utils.settings import connect

    salted.serve(service)
    return connect(service, salted.opts)


@pytest.fixture
def resolver(salted):
    """A resolver to which somebody gave a cookie that no field of Eos names."""
    consul = client_of(salted, "consul")
    policy = {"Field": "cookie", "FieldValue": "session", "Terminal": True, "CookieConfig": COOKIE}
    balancer = {"Policy": "ring_hash", "HashPolicies": [policy]}
    entry = {"Kind": "service-resolver", "Name": "cookies", "LoadBalancer": balancer}
    assert consul.put("/v1/config", entry) is True

    def read():
        return consul.get("/v1/config/service-resolver/cookies")

    yield read
    consul.delete("/v1/config/service-resolver/cookies")


def test_what_no_field_names_stays_when_something_else_changes(salted, resolver):
    """Mutation: write an item anew although it is as wanted, and the cookie is gone unseen."""
    wanted = {"name": "cookies", "load_balancer": BALANCED, "connect_timeout": "7s"}
    result = salted.state("consul_service_resolver.present", **wanted)
    assert (result["result"], set(result["changes"])) == (True, {"connect_timeout"}), result
    (kept,) = resolver()["LoadBalancer"]["HashPolicies"]
    assert kept["CookieConfig"] == COOKIE
    again = salted.state("consul_service_resolver.present", **wanted)
    assert (again["result"], again["changes"], salted.wrote) == (True, {}, [])


def test_what_no_field_names_is_not_taken_away(salted, resolver):
    """Mutation: write over it, and what somebody set is lost and stands in no change."""
    before = resolver()
    changed = [{"field": "cookie", "field_value": "session"}]
    wanted = {"name": "cookies", "load_balancer": {**BALANCED, "hash_policies": changed}}
    for test in (True, False):
        result = salted.state("consul_service_resolver.present", test=test, **wanted)
        assert (result["result"], result["changes"], salted.wrote) == (False, {}, []), result
        assert (
            "load_balancer:hash_policies:CookieConfig, which Eos does not know"
            in (result["comment"])
        )
    assert resolver() == before


def test_an_id_beside_its_name_is_no_stranger(salted):
    """Mutation: take Consul's own id of a template for a setting, and no role ever changes."""
    salted.serve("consul")
    try:
        for template in ("builtin/service", "builtin/node"):
            policy = {"template_name": template, "template_variables": {"name": "x"}}
            result = salted.state(
                "consul_acl_role.present", name="templated", templated_policies=[policy]
            )
            assert result["result"] is True, result
    finally:
        salted.state("consul_acl_role.absent", name="templated")


def test_a_mount_below_another_is_not_that_other(salted):
    """Mutation: ask Vault for one mount, and it answers with the one above, which is then tuned."""
    vault = client_of(salted, "vault")
    assert salted.state("vault_mount.present", name="top", type="kv")["result"] is True
    before = vault.get("/v1/sys/mounts/top")
    try:
        wanted = {"name": "top/below", "type": "kv", "description": "mine", "max_lease_ttl": "5h"}
        predicted = salted.state("vault_mount.present", test=True, **wanted)
        assert predicted["result"] is None
        result = salted.state("vault_mount.present", **wanted)
        assert result["result"] is False
        assert "path is already in use at top/" in result["comment"]
        assert salted.modules["vault_mount.get"](name="top/below") is None
        gone = salted.state("vault_mount.absent", name="top/below")
        assert (gone["result"], gone["changes"]) == (True, {})
        assert vault.get("/v1/sys/mounts/top") == before
    finally:
        salted.state("vault_mount.absent", name="top")


def test_a_mount_with_little_rights_is_made_and_not_waited_for(salted, monkeypatch):
    """Mutation: take 403 of the new engine for "not yet", and the state sleeps and fails."""
    from saltext.eos.specs.vault_mount import SPEC
    from saltext.eos.utils import converge
    from saltext.eos.utils.http import Client

    vault = client_of(salted, "vault")
    rules = 'path "sys/mounts*" { capabilities = ["create", "read", "update", "delete"] }'
    vault.put("/v1/sys/policies/acl/mounter", {"policy": rules})
    whole = Client(vault.base_url, vault._ca_file, vault._headers)
    made = whole.post("/v1/auth/token/create", {"policies": ["mounter"]})
    opts = salted.opts
    place = Path(opts["eos"]["connections"]["vault"]["token_file"]).with_name("mounter")
    place.touch(0o600)
    place.write_text(made["auth"]["client_token"])
    chosen = {**opts["eos"]["connections"]["vault"], "token_file": str(place)}
    opts["eos"]["connections"]["vault"] = chosen
    values = {name: None for name, row in SPEC["fields"].items() if not row.get("read_only")}
    values |= {"name": "law/little", "type": "kv", "options": {"version": "2"}}
    monkeypatch.setattr("saltext.eos.utils.vault_mount.WITHIN", 0.0)
    try:
        result = converge.present(SPEC, values, {}, opts)
        assert result["result"] is True, result
    finally:
        salted.state("vault_mount.absent", name="law/little")


def test_without_a_token_nothing_is_proved_absent(salted):
    """Mutation: believe a list that was given to nobody, and what exists is called absent."""
    from saltext.eos.specs.consul_prepared_query import SPEC
    from saltext.eos.utils import converge

    salted.serve("consul")
    wanted = {"name": "seen-by-nobody", "service": "web"}
    assert salted.state("consul_prepared_query.present", **wanted)["result"] is True
    opts = salted.opts
    chosen = dict(opts["eos"]["connections"]["consul"])
    del chosen["token_file"]
    opts["eos"]["connections"]["consul"] = chosen
    try:
        for test in (True, False):
            options = {**opts, "test": test}
            salted.sent.clear()
            for result in (
                converge.present(SPEC, wanted, {}, options),
                converge.absent(SPEC, {"name": "seen-by-nobody"}, {}, options),
            ):
                assert (result["result"], salted.wrote) == (False, []), result
                assert "may not see" in result["comment"]
    finally:
        salted.state("consul_prepared_query.absent", name="seen-by-nobody")


def test_a_resolver_goes_from_one_way_to_the_other(salted):
    """Mutation: keep the failover beside the redirect, and Consul refuses both for ever."""
    salted.serve("consul")
    failover = {"failover": {"*": {"service": "spare"}}}
    redirect = {"redirect": {"service": "spare"}}
    try:
        for wanted in (failover, redirect, failover):
            result = salted.state("consul_service_resolver.present", name="turning", **wanted)
            assert result["result"] is True, result
    finally:
        salted.state("consul_service_resolver.absent", name="turning")


def test_the_alias_of_an_engine_is_refused_before_it_is_made(salted):
    """Mutation: send it, and the mount can never be the same as what was asked for."""
    salted.serve("vault")
    result = salted.state("vault_mount.present", name="law/alias", type="kv-v2")
    assert (result["result"], salted.sent) == (False, [])
    assert "write kv with options" in result["comment"]


def test_a_list_of_keys_has_no_value_in_it(salted):
    """Mutation: list with values, and what everybody keeps there stands in the job cache."""
    salted.serve("consul")
    try:
        made = salted.state("consul_kv.present", name="law/listed", value="nobody's business")
        assert made["result"] is True, made
        found = salted.modules["consul_kv.list"]()
        assert [one["name"] for one in found] == ["law/listed"]
        assert "business" not in str(found)
    finally:
        salted.state("consul_kv.absent", name="law/listed")


def test_of_a_map_only_what_changes_has_to_be_known():
    """Mutation: look into no map, and the policy of a failover goes with its service."""
    from saltext.eos.specs.consul_service_resolver import SPEC
    from saltext.eos.utils import codec

    kept = {"Service": "spare", "Policy": {"Mode": "order-by-locality"}}
    found = {"Kind": "service-resolver", "Name": "mapped", "Failover": {"*": kept}}
    wanted = {"failover": {"*": {"service": "spare"}, "v1": {"service": "other"}}}
    assert codec.strange(SPEC["fields"], wanted, found) == []
    made = codec.to_wire(SPEC["fields"], wanted, found)["Failover"]
    assert made == {"*": kept, "v1": {"Service": "other"}}
    wanted["failover"]["*"] = {"service": "third"}
    assert codec.strange(SPEC["fields"], wanted, found) == ["failover:*:Policy"]
    del wanted["failover"]["*"]
    assert codec.strange(SPEC["fields"], wanted, found) == []
