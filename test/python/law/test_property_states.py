"""
Random trees of keys, checks and secrets of Consul and Vault, held to a model; seeded.

Some for each in each run; as many as ``EOS_VALUES`` says, 1,000 with ``EOS_FAULT=all``.
"""

import base64
import os
import random

import pytest
from law_states import own, quiet
from values import TEXTS

pytestmark = pytest.mark.server

COUNT = int(os.environ.get("EOS_VALUES") or (1000 if os.environ.get("EOS_FAULT") == "all" else 15))
SEED = "2026-11-22"
# Each setting of a directory: its values, and every spelling of each.
DIRECTORY = {
    "url": [["ldaps://a.example", "LDAPS://A.Example"], ["ldap://b.example,ldaps://a.example"]],
    "userattr": [["cn", "CN"], ["sAMAccountName", "samaccountname"]],
    "userdn": [[text] for text in TEXTS],
    "binddn": [["cn=Vault,dc=Example"], [""]],
    "request_timeout": [[90, "90s", "1m30s", "90"], [3600, "1h", "60m"]],
    "token_ttl": [[0, "0s"], [7200, "2h", "120m"]],
    "token_policies": [["web, read", ["web", "read"]], ["", []], ["web", ["web"]]],
    "starttls": [[True], [False]],
    "case_sensitive_names": [[True], [False]],
}
PARTS = ["a", "b", "cache", "limits", "x y", "ü", "%2F", "eos:1", "k?", "q&r"]


def settled(salted, function, arguments):
    """Predict, apply, and see that it is quiet; gives the changes, which may be none."""
    predicted = salted.state(function, test=True, **arguments)
    assert salted.wrote == [], (arguments, predicted)
    applied = salted.state(function, **arguments)
    assert applied["result"] is True, (arguments, applied)
    assert applied["changes"] == predicted["changes"], arguments
    assert predicted["result"] is (None if applied["changes"] else True)
    quiet(salted, function, **arguments)
    return applied["changes"]


def tree_of(dice):
    """Make some keys with texts; no key is the folder of another one's name."""
    keys = {"/".join(dice.choices(PARTS, k=dice.randint(1, 3))) for _ in range(dice.randint(0, 8))}
    return {key: dice.choice([*TEXTS, "", "line\nbreak", "x" * 1000]) for key in sorted(keys)}


def named(dice, keys):
    """Name some keys and folders, or all of them."""
    if dice.random() < 0.2:
        return "all"
    names = [key for key in [*keys, "nobody"] if dice.random() < 0.4]
    folders = [f"{key.split('/')[0]}/" for key in keys if "/" in key and dice.random() < 0.3]
    return dice.choice([[*names, *folders], names, folders])


def test_a_tree_is_what_a_model_of_it_says(salted):
    """Mutation: take a folder's name for a beginning of keys, and `cachet` goes with `cache/`."""
    consul = own(salted, "consul")
    for turn in range(COUNT):
        dice = random.Random(f"{SEED} tree {turn}")
        before, keys = tree_of(dice), tree_of(dice)
        remove = named(dice, before)
        if remove != "all":
            remove = [one for one in remove if one not in keys]
        settled(salted, "consul_kv_tree.present", {"name": "prop/t", "keys": before})
        wanted = {"name": "prop/t", "remove": remove, **({"keys": keys} if keys else {})}
        verb = "present" if keys else "absent"
        changes = settled(salted, f"consul_kv_tree.{verb}", wanted)
        gone = {
            key
            for key in before
            if key not in keys
            and (
                remove == "all"
                or key in remove
                or any(one.endswith("/") and key.startswith(one) for one in remove)
            )
        }
        model = {key: text for key, text in before.items() if key not in gone} | keys
        assert salted.modules["consul_kv_tree.get"]("prop/t") == model, (turn, remove)
        wrote = {key for key, text in keys.items() if before.get(key) != text}
        assert set(changes) == wrote | gone
        consul.delete("/v1/kv/prop/?recurse=true")


def check_of(dice):
    """Make a check that Consul takes."""
    kind = dice.choice(["http", "tcp", "udp", "grpc", "h2ping", "ttl"])
    wanted = {"title": dice.choice(TEXTS), "type": kind, "notes": dice.choice(["", *TEXTS])}
    if kind == "ttl":
        return {**wanted, "ttl": dice.choice(["30s", "1h30m", 90])}
    target = "https://127.0.0.1:1/" if kind == "http" else "127.0.0.1:1"
    wanted |= {"target": target, "interval": dice.choice(["15s", "2m", 60, "1h"])}
    more = {
        "timeout": ["2s", 3],
        "tls_server_name": ["a.example"],
        "success_before_passing": [0, 2],
        "failures_before_critical": [1, 4],
        "service": ["web-1"],
        **({"method": ["GET", "HEAD"]} if kind == "http" else {}),
    }
    return wanted | {n: dice.choice(one) for n, one in more.items() if dice.random() < 0.4}


def test_a_check_becomes_any_other_check(salted):
    """Mutation: leave a part out of the mark, and some change of two checks is never sent."""
    consul = own(salted, "consul")
    consul.put("/v1/agent/service/register", {"ID": "web-1", "Name": "web"})
    try:
        for turn in range(COUNT):
            dice = random.Random(f"{SEED} check {turn}")
            first, second = check_of(dice), check_of(dice)
            settled(salted, "consul_check.present", {"name": "prop", **first})
            changes = settled(salted, "consul_check.present", {"name": "prop", **second})
            assert bool(changes) or first == second, (first, second)
            shown = salted.modules["consul_check.get"]("prop")
            assert (shown["title"], shown["type"]) == (second["title"], second["type"])
            assert shown["notes"] == second["notes"]
            settled(salted, "consul_check.absent", {"name": "prop"})
    finally:
        consul.put("/v1/agent/service/deregister/web-1")


def test_secrets_are_added_and_never_changed(salted):
    """Mutation: make each field that is asked for, and a second run changes what is in use."""
    vault = own(salted, "vault")
    options = {"version": "2"}
    made = salted.state("vault_mount.present", name="prop", type="kv", options=options)
    assert made["result"] is True
    sizes = {"password": 40, "uuid": 36}
    for turn in range(COUNT):
        dice = random.Random(f"{SEED} secret {turn}")
        name, known = f"prop/app/{turn}", {}
        for _ in range(3):
            forms = {
                field: dice.choice(["password", "uuid", f"base64:{dice.randint(16, 512)}"])
                for field in dice.sample("abcdef", dice.randint(1, 4))
            }
            changes = settled(salted, "vault_generated.present", {"name": name, "fields": forms})
            found = vault.get(f"/v1/prop/data/app/{turn}")["data"]
            assert {field: found[field] for field in known} == known
            assert set(changes) == set(forms) - set(known)
            for field in changes:
                length = sizes.get(forms[field])
                size = int(forms[field].partition(":")[2] or 0)
                text = found[field]
                assert len(text) == length if length else len(base64.b64decode(text)) == size
            known = found
    salted.state("vault_mount.absent", name="prop")


def test_a_directory_in_any_spelling_is_configured_once(salted):
    """Mutation: compare `sAMAccountName` with what Vault makes of it, and each run writes."""
    salted.serve("vault")
    made = salted.state("vault_auth_method.present", name="prop-ldap", type="ldap")
    assert made["result"] is True
    function = "vault_auth_config.present"
    for turn in range(COUNT):
        dice = random.Random(f"{SEED} directory {turn}")
        names = dice.sample(sorted(DIRECTORY), dice.randint(1, len(DIRECTORY)))
        chosen = {name: dice.choice(DIRECTORY[name]) for name in names}
        spelled = {name: dice.choice(one) for name, one in chosen.items()}
        settled(salted, function, {"name": "prop-ldap", "config": spelled})
        again = {name: dice.choice(one) for name, one in chosen.items()}
        quiet(salted, function, name="prop-ldap", config=again)
    salted.state("vault_auth_method.absent", name="prop-ldap")
