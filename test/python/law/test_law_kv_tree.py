"""The keys below a folder of Consul: one list, few transactions, and nobody's key lost."""

import base64

import pytest
from law_states import connected, own, quiet, refused, settles

pytestmark = pytest.mark.server

PRESENT, ABSENT = "consul_kv_tree.present", "consul_kv_tree.absent"
KEYS = {"motd": "Fifty — «per second», 100 %", "limits/cpu": "2", "empty": ""}


@pytest.fixture
def consul(salted):
    """A client of somebody else; what lies below `tree` is taken away afterwards."""
    client = own(salted, "consul")
    yield client
    client.delete("/v1/kv/tree/?recurse=true")


def kept(client, folder="tree/app"):
    """Give what Consul has below a folder, by whole key."""
    from saltext.eos.utils.http import NotFound

    try:
        found = client.get(f"/v1/kv/{folder}/?recurse=true")
    except NotFound:
        return {}
    return {one["Key"]: base64.b64decode(one["Value"] or "").decode() for one in found}


def test_a_tree_is_predicted_written_kept_and_repaired(salted, consul):
    """Mutation: compare with what was sent, and a key changed behind Salt's back stays changed."""
    changes = settles(salted, PRESENT, name="tree/app", keys=KEYS)
    assert changes == {key: {"old": None, "new": value} for key, value in KEYS.items()}
    assert salted.modules["consul_kv_tree.get"]("tree/app") == KEYS
    consul.put("/v1/kv/tree/app/motd?flags=7", "somebody else")
    consul.delete("/v1/kv/tree/app/empty")
    changes = settles(salted, PRESENT, name="tree/app", keys=KEYS)
    assert changes == {
        "motd": {"old": "somebody else", "new": KEYS["motd"]},
        "empty": {"old": None, "new": ""},
    }
    (motd,) = consul.get("/v1/kv/tree/app/motd")
    assert motd["Flags"] == 7
    gone = settles(salted, ABSENT, name="tree/app", remove="all")
    assert gone == {
        key: {"old": f"{len(value.encode())} bytes", "new": None} for key, value in KEYS.items()
    }
    assert kept(consul) == {}


def test_what_else_lies_there_stays_unless_it_is_named(salted, consul):
    """Mutation: take away what is not in `keys`, and the key of another application is gone."""
    others = ["old", "cache/a", "cache/b/c", "cachet", "theirs"]
    for key in others:
        consul.put(f"/v1/kv/tree/app/{key}", "x")
    consul.put("/v1/kv/tree/apple", "a neighbour")
    settles(salted, PRESENT, name="tree/app", keys={"a": "1"})
    said = quiet(salted, PRESENT, name="tree/app", keys={"a": "1"})
    assert "Left below, because `remove` does not name it: cache/a, cache/b/c, cachet" in said
    wanted = {"name": "tree/app", "keys": {"a": "1", "cache/a": "x"}, "remove": ["old", "cache/"]}
    assert set(settles(salted, PRESENT, **wanted)) == {"old", "cache/b/c"}
    assert set(kept(consul)) == {f"tree/app/{key}" for key in ("a", "cache/a", "cachet", "theirs")}
    assert set(settles(salted, PRESENT, **{**wanted, "remove": "all"})) == {"cachet", "theirs"}
    assert set(settles(salted, ABSENT, name="tree/app", remove=["a"])) == {"a"}
    assert set(kept(consul)) == {"tree/app/cache/a"}
    assert kept(consul, "tree")["tree/apple"] == "a neighbour"


def test_what_others_had_in_a_key_that_goes_is_not_said(salted, consul):
    """Mutation: put the old text into changes, and another application's secret is in the cache."""
    consul.put("/v1/kv/tree/app/theirs", "hunter22")
    wanted = {"name": "tree/app", "keys": {"a": "1"}, "remove": "all"}
    assert settles(salted, PRESENT, **wanted)["theirs"] == {"old": "8 bytes", "new": None}


@pytest.mark.parametrize("remove", ["all", ["a", "cache/"]])
def test_a_pillar_that_is_not_there_empties_no_folder(salted, consul, remove):
    """Mutation: take no keys for a wish, and a mistyped path in pillar deletes the folder."""
    consul.put("/v1/kv/tree/app/a", "theirs")
    said = refused(salted, PRESENT, name="tree/app", keys={}, remove=remove)
    assert said.startswith("keys: expected at least one, because `remove` takes others away")
    assert salted.sent == []
    assert "Left below" in quiet(salted, PRESENT, name="tree/app", keys={})
    said = refused(salted, ABSENT, name="tree/app", remove=[])
    assert said.startswith("remove: expected at least one key or folder, or `all`; found none")


@pytest.mark.parametrize(("lock", "remove"), [("lock", "all"), ("held", ["held"])])
def test_a_key_that_a_session_holds_is_not_taken_away(salted, consul, lock, remove):
    """Mutation: look at the name alone, and the lock of a leader is gone while it leads."""
    session = consul.put("/v1/session/create", {"Name": "leader"})["ID"]
    try:
        assert consul.put(f"/v1/kv/tree/app/{lock}?acquire={session}", "me") is True
        for function, more in ((PRESENT, {"keys": {"a": "1"}}), (ABSENT, {})):
            said = refused(salted, function, name="tree/app", remove=remove, **more)
            assert f"found '{lock}', which a session holds" in said
        settles(salted, PRESENT, name="tree/app", keys={lock: "x"}, remove="all")
    finally:
        consul.put(f"/v1/session/destroy/{session}")


def test_a_token_that_may_only_read_is_told_what_it_needs(salted, consul):
    """Mutation: take each 409 for a race; it is tried three times and answered in JSON."""
    from saltext.eos.utils import kv_tree
    from saltext.eos.utils.settings import connect

    rules = 'key_prefix "tree/" { policy = "read" }'
    made = consul.put("/v1/acl/policy", {"Name": "tree-reads", "Rules": rules})
    token = consul.put("/v1/acl/token", {"Policies": [{"ID": made["ID"]}]})["SecretID"]
    client = connect("consul", connected(salted, "consul", token))
    salted.sent.clear()
    tree = kv_tree.Tree("tree/app", {"a": "b"})
    said = "may not write 'tree/app/a'; expected one at eos:connections:consul with `key:write`"
    with pytest.raises(kv_tree.Unfinished, match=said):
        kv_tree.settle(client, tree, test=False)
    assert salted.wrote == [("PUT", "/v1/txn")]
    consul.delete(f"/v1/acl/policy/{made['ID']}")


def test_many_keys_are_one_list_and_a_transaction_for_each_64(salted, consul):
    """Mutation: write key by key, and 130 keys are 130 requests."""
    keys = {f"many/{index:03}": str(index) for index in range(130)}
    applied = salted.state(PRESENT, name="tree/app", keys=keys)
    assert applied["result"] is True, applied
    assert len(applied["changes"]) == 130
    assert salted.wrote == [("PUT", "/v1/txn")] * 3
    assert len(salted.sent) == 5, "a list before and one after"
    salted.state(PRESENT, name="tree/app", keys=keys)
    assert len(salted.sent) == 1, "one list tells that nothing is to be done"


def test_long_texts_are_cut_into_transactions_that_consul_takes(salted, consul):
    """Mutation: count keys only, and Consul refuses a body of more than 512 KiB."""
    keys = {f"long/{index}": chr(97 + index) * 150_000 for index in range(7)}
    applied = salted.state(PRESENT, name="tree/app", keys=keys)
    assert applied["result"] is True, applied["comment"]
    assert len(salted.wrote) == 4
    quiet(salted, PRESENT, name="tree/app", keys=keys)
    keys["long/0"] = "x" * 400_000
    said = refused(salted, PRESENT, name="tree/app", keys=keys)
    assert said.startswith("keys:long/0: expected text that fits into one transaction")
    assert salted.sent == []


@pytest.fixture
def meanwhile(monkeypatch):
    """Do something after each of the first so many reads of a tree."""
    from saltext.eos.utils import kv_tree

    read = kv_tree.read

    def arrange(times, deed):
        done = []

        def found(*arguments):
            answer = read(*arguments)
            if len(done) < times:
                done.append(deed(len(done) + 1))
            return answer

        monkeypatch.setattr(kv_tree, "read", found)

    return arrange


def test_what_another_wrote_meanwhile_is_read_again(salted, consul, meanwhile):
    """Mutation: `set` instead of `cas`, and what the other one wrote is gone unseen."""
    meanwhile(1, lambda _: consul.put("/v1/kv/tree/app/motd?flags=9", "theirs"))
    applied = salted.state(PRESENT, name="tree/app", keys=KEYS)
    assert applied["result"] is True, applied
    assert applied["changes"]["motd"] == {"old": "theirs", "new": KEYS["motd"]}
    assert consul.get("/v1/kv/tree/app/motd")[0]["Flags"] == 9


def test_who_never_stops_writing_wins(salted, consul, meanwhile):
    """Mutation: try without end, and the state never returns."""
    meanwhile(50, lambda turn: consul.put("/v1/kv/tree/app/motd", f"theirs {turn}"))
    result = salted.state(PRESENT, name="tree/app", keys=KEYS)
    assert (result["result"], result["changes"]) == (False, {}), result
    assert set(kept(consul)) == {"tree/app/motd"}


def test_a_tree_that_breaks_off_says_what_it_has_written(salted, consul, meanwhile):
    """Mutation: return no changes with a failure, and nobody knows that half of it is there."""
    keys = {f"half/{index:03}": "mine" for index in range(70)}
    meanwhile(50, lambda turn: consul.put("/v1/kv/tree/app/half/069", f"theirs {turn}"))
    result = salted.state(PRESENT, name="tree/app", keys=keys)
    assert result["result"] is False
    assert set(result["changes"]) == {f"half/{index:03}" for index in range(64)}
    assert kept(consul)["tree/app/half/063"] == "mine"
    assert "tree/app/half/064" not in kept(consul)


def test_bytes_that_are_no_text_are_left_as_they_are(salted, consul):
    """Mutation: write back what was read as text, and a binary value is another one."""
    consul.put("/v1/kv/tree/app/blob", b"\x80\x81\xff")
    settles(salted, PRESENT, name="tree/app", keys={"a": "1"})
    (blob,) = consul.get("/v1/kv/tree/app/blob")
    assert base64.b64decode(blob["Value"]) == b"\x80\x81\xff"
    changes = settles(salted, PRESENT, name="tree/app", keys={"blob": "text"})
    assert changes == {"blob": {"old": "base64:gIH/", "new": "text"}}


@pytest.mark.parametrize("rights", ["nothing", "one key", "no token"])
def test_what_a_token_does_not_see_is_not_made_and_not_believed_absent(salted, consul, rights):
    """Mutation: believe a list that Consul has filtered, and hidden keys are `already absent`."""
    from saltext.eos.utils import kv_tree
    from saltext.eos.utils.settings import connect

    for key in ("a", "b"):
        consul.put(f"/v1/kv/tree/app/{key}", "x")
    rules = {"nothing": "", "one key": 'key "tree/app/a" { policy = "read" }'}.get(rights)
    token = None
    if rules is not None:
        policy = {"Name": f"tree-{rights.replace(' ', '-')}", "Rules": rules}
        made = consul.put("/v1/acl/policy", policy)
        token = consul.put("/v1/acl/token", {"Policies": [{"ID": made["ID"]}]})["SecretID"]
    opts = connected(salted, "consul", token)
    salted.sent.clear()
    for remove in ([], "all"):
        tree = kv_tree.Tree("tree/app", {"b": "mine"}, remove)
        with pytest.raises(kv_tree.Unfinished, match="may not see the whole of tree/app/"):
            kv_tree.settle(connect("consul", opts), tree, test=True)
    assert salted.wrote == []
    if rules is not None:
        consul.delete(f"/v1/acl/policy/{made['ID']}")
    assert kept(consul) == {"tree/app/a": "x", "tree/app/b": "x"}


WRONG = [
    ({"name": "/a"}, "name: expected text of at most 512 characters"),
    ({"name": "a/"}, "name: expected"),
    ({"name": "a/../b"}, "name: expected"),
    ({"name": "x" * 65_536}, "name: expected"),
    ({"name": None}, "name: expected"),
    ({"keys": None}, "keys: expected"),
    ({"keys": ["a"]}, "keys: expected object"),
    ({"keys": {"a": 7}}, "keys:a: expected"),
    ({"keys": {"a": "\0"}}, "keys:a: expected text without NUL"),
    ({"keys": {"a//b": "x"}}, "keys:a//b: expected"),
    ({"keys": {"../b": "x"}}, "keys:../b: expected"),
    ({"keys": {"": "x"}}, "keys:: expected"),
    ({"remove": "everything"}, "remove: expected"),
    ({"remove": ["a\n"]}, "remove:0: expected a key, or a folder"),
    ({"remove": ["/"]}, "remove:0: expected"),
    ({"keys": {"a": "x"}, "remove": ["a"]}, "remove: expected keys that are not wanted; found 'a'"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_a_wrong_tree_is_named_and_nothing_is_sent(salted, wrong, message):
    """Mutation: send first and ask later, and the server's words come instead of ours."""
    salted.serve("consul")
    arguments = {"name": "tree/app", "keys": {"b": "x"}, **wrong}
    result = salted.state(PRESENT, **arguments)
    assert (result["result"], result["changes"], salted.sent) == (False, {}, []), result
    assert result["comment"].startswith(message), result["comment"][:300]
    assert "; found " in result["comment"]
    assert len(result["comment"]) < 1000
