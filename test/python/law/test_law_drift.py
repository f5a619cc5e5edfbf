"""
Every field that can change, changed behind Salt's back by a plain client, and restored.

The requests are the server's own: none of them goes through Eos.
"""

import json

import pytest
from law_drift import Plain, Wire, drift
from law_tables import FLEETING, TABLES, spec_of
from law_versions import can_drift, known

# A field that no raw request covers, with what must be so of its row.
EXEMPT: dict[tuple[str, str], str] = {}


@pytest.mark.server
@pytest.mark.parametrize("table", FLEETING, ids=[one["resource"] for one in FLEETING])
def test_what_others_write_is_seen_and_put_right(ready, table):
    """Mutation: read a field from elsewhere than others write it to, and its drift is unseen."""
    resource, covered = table["resource"], set()
    salted = ready(table)
    rows, release = spec_of(table)["fields"], salted.client(table["service"]).version()
    wire = Wire(table, Plain(table["service"], salted.connections[table["service"]]))
    for example in table["examples"].values():
        desired, present = example["desired"], f"{resource}.present"
        names = {name: desired[name] for name in table["keys"] if name in desired}
        open_ = {f: v for f, v in example["drift"].items() if f not in covered}
        if not open_:
            continue
        try:
            made = salted.state(present, **desired)
            assert made["result"] is True, made
            for field, value in open_.items():
                covered.add(field)
                if not can_drift(rows, desired, {field: value}, release):
                    continue
                has, _ = known(rows, {**desired, field: value}, release)
                drift(wire, desired, field, has[field])
                predicted = salted.state(present, test=True, **desired)
                assert set(predicted["changes"]) == {field}, (field, value, predicted)
                assert salted.wrote == []
                restored = salted.state(present, **desired)
                assert restored["result"] is True, (field, restored)
                assert restored["changes"] == predicted["changes"]
                again = salted.state(present, **desired)
                assert (again["result"], again["changes"], salted.wrote) == (True, {}, []), again
        finally:
            salted.state(f"{resource}.absent", **names)
    exempt = {field for where, field in EXEMPT if where == resource}
    assert set(table["updatable"]) == covered | exempt, "a field's drift is not tried"


@pytest.mark.parametrize("table", TABLES, ids=[one["resource"] for one in TABLES])
def test_what_can_change_is_updatable_or_never_shown(table):
    """Mutation: leave a field out of the table of the law, and its drift is never tried."""
    free = {
        name
        for name, row in spec_of(table)["fields"].items()
        if not (row.get("key") or row.get("immutable") or row.get("read_only"))
    }
    if spec_of(table).get("update") is None:
        free = set()
    unseen = {n for n in free if spec_of(table)["fields"][n].get("diff") == "write-only"}
    assert set(table["updatable"]) == free - unseen


def test_what_is_exempt_is_never_shown():
    """Mutation: exempt a field because its raw form is hard to write."""
    for (resource, field), reason in EXEMPT.items():
        row = spec_of({"resource": resource})["fields"][field]
        assert (row.get("diff"), reason) == ("write-only", "write-only"), (resource, field)
    assert json.dumps(sorted(EXEMPT)) == "[]"
