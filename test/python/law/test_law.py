"""
The law of seven steps, for every example of every generated resource, on real servers.

1 test mode predicts and writes nothing, 2 applying does exactly that, 3 again nothing, 4 test mode
agrees, 5 drift behind Salt's back is repaired and nothing else, 6 test mode of absent, 7 absent,
and again.
"""

import contextlib
import json

import pytest
import yaml
from law_tables import FLEETING, NAMES, TABLES, keys_of, spec_of
from law_versions import can_drift, known
from wheel import ROOT

CASES = [(table, name) for table in FLEETING for name in table["examples"]]


@pytest.mark.server
@pytest.mark.parametrize(
    ("table", "name"), CASES, ids=[f"{table['resource']}-{name}" for table, name in CASES]
)
def test_the_law(ready, table, name):
    """Mutation: compare with what was sent instead of what the server keeps, and step 3 fails."""
    from saltext.eos.utils import http

    resource, example = table["resource"], table["examples"][name]
    desired, present, absent = example["desired"], f"{resource}.present", f"{resource}.absent"
    salted = ready(table)
    names, rows = keys_of(table, desired), spec_of(table)["fields"]
    release = salted.client(table["service"]).version()
    has, told = known(rows, desired, release)

    predicted = salted.state(present, test=True, **desired)
    assert predicted["result"] is None, predicted
    assert predicted["changes"]
    assert set(predicted["changes"]) <= {*has, *(n for n, row in rows.items() if "default" in row)}
    assert salted.wrote == []
    assert salted.modules[f"{resource}.get"](**names) is None
    try:
        applied = salted.state(present, **desired)
        assert applied["result"] is True, applied
        assert applied["changes"] == predicted["changes"]
        for test in (False, True):
            again = salted.state(present, test=test, **desired)
            assert (again["result"], again["changes"], salted.wrote) == (True, {}, []), again
            for one in (predicted, applied, again):
                assert [said for said in told if said not in one["comment"]] == []
                assert one["comment"].count("is left out") == len(told)
        if spec_of(table)["find"].get("whole"):
            items = salted.modules[f"{resource}.list"]()
            listed = [one for one in items if keys_of(table, one) == names]
            assert listed == [salted.modules[f"{resource}.get"](**names)], "the list is not whole"
        drifts = [{field: value} for field, value in example["drift"].items()]
        for drift in [one for one in drifts if can_drift(rows, desired, one, release)]:
            _repairs(salted, resource, names, desired, drift)
        parts = [{part["field"]: part["value"]} for part in example["parts"]]
        for part in [one for one in parts if can_drift(rows, desired, one, release)]:
            # Not every value of a part's type goes with the rest: what the server takes is seen.
            with contextlib.suppress(http.BadRequest, http.ServerError):
                _repairs(salted, resource, names, desired, part)
        for field, value in example["fixed"].items():
            refused = salted.state(present, **{**desired, field: value})
            assert refused["result"] is False
            assert f"cannot change {field}" in refused["comment"]
            assert "delete the object first" in refused["comment"]
            assert salted.wrote == []
        gone = salted.state(absent, test=True, **names)
        assert (gone["result"], salted.wrote) == (None, []), gone
        assert salted.modules[f"{resource}.get"](**names) is not None
    finally:
        gone_for_good = salted.state(absent, **names)
    assert gone_for_good["result"] is True, gone_for_good
    assert gone_for_good["changes"] == gone["changes"]
    assert salted.state(absent, **names)["changes"] == {}


def _repairs(salted, resource, names, desired, drift):
    """Change one field behind Salt's back, and see that field, and no other, restored."""
    (field,) = drift
    before = salted.modules[f"{resource}.get"](**names)
    # What a server never shows has to be given with each change.
    rows = spec_of({"resource": resource})["fields"]
    kept = {n: one for n, one in desired.items() if n in rows and _is_unread(rows[n])}
    salted.modules[f"{resource}.update"](**{**kept, **names, **drift})
    predicted = salted.state(f"{resource}.present", test=True, **desired)
    assert set(predicted["changes"]) == {field}, predicted
    assert salted.wrote == []
    repaired = salted.state(f"{resource}.present", **desired)
    assert repaired["result"] is True, repaired
    assert repaired["changes"] == predicted["changes"]
    again = salted.state(f"{resource}.present", **desired)
    assert (again["result"], again["changes"]) == (True, {}), again
    after = salted.modules[f"{resource}.get"](**names)
    assert _calm({**after, field: None}) == _calm({**before, field: None})


def _is_unread(row):
    inner = [*row.get("fields", {}).values(), *filter(None, [row.get("item")])]
    return row.get("diff") == "write-only" or any(map(_is_unread, inner))


def _calm(value):
    """Give a value without what servers are free in: the order of lists, how nothing is said."""
    if isinstance(value, dict):
        calm = {name: _calm(one) for name, one in value.items()}
        return {name: one for name, one in calm.items() if one is not None}
    if isinstance(value, list):
        return (
            sorted((_calm(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
            or None
        )
    return value or None


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_every_field_that_can_change_is_changed_by_some_example(table):
    """Mutation: take a field out of every example, and nothing would ever restore it."""
    changed = {field for example in table["examples"].values() for field in example["drift"]}
    assert set(table["updatable"]) - changed == set()


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_the_page_shows_the_examples_as_they_are_applied(table):
    """Mutation: write the page with another YAML than Salt's, and a colon becomes a number."""
    resource = table["resource"]
    page = (ROOT / f"generated/docs/resources/{resource}.md").read_text("utf-8")
    blocks = [block.split("```")[0] for block in page.split("```yaml\n")[1:]]
    shown = [yaml.safe_load(block) for block in blocks]
    for example in table["examples"].values():
        rest = [{key: one} for key, one in example["desired"].items() if key != "name"]
        wanted = {example["desired"]["name"]: {f"{resource}.present": rest}}
        assert wanted in shown


@pytest.mark.server
def test_a_list_is_silent_of_what_it_does_not_carry(salted):
    """Mutation: fill in `None`, and a policy looks in the list as if it had no rules."""
    salted.serve("consul")
    rules = 'key_prefix "a" { policy = "read" }'
    try:
        salted.state("consul_acl_policy.present", name="listed", rules=rules)
        (found,) = [
            one for one in salted.modules["consul_acl_policy.list"]() if one["name"] == "listed"
        ]
        assert salted.modules["consul_acl_policy.get"]("listed")["rules"] == rules
        assert "rules" not in found
        assert found["description"] == ""
        assert None not in found.values()
    finally:
        gone = salted.state("consul_acl_policy.absent", name="listed")
    assert gone["result"] is True, gone
