"""Bad values of every resource: a clear message, and nothing is sent, not even to ask."""

import pytest
from law_tables import NAMES, TABLES, spec_of

LONG = "x" * 65_536
NEVER = {"line break": "a\nb", "NUL": "a\0b", "nothing": "", "64 KiB": LONG}
SECRET = "hunter22secret"
SELDOM = {
    "slash": "a/b",
    "star": "*",
    "quotes": "\"a' ",
    "emoji": "🦉",
    "dots": "..",
    "blank": " ",
    "braces": "{b}",
    "empty braces": "{}",
}


def _example(table):
    return max((one["desired"] for one in table["examples"].values()), key=len)


def _refused(salted, table, field, arguments):
    """Apply and delete nothing: both states refuse, with the field's name and nothing sent."""
    result = salted.state(f"{table['resource']}.present", **arguments)
    assert (result["result"], result["changes"], salted.sent) == (False, {}, []), result
    assert f"{field}" in result["comment"], result
    assert ": expected " in result["comment"], result
    assert "; found " in result["comment"], result
    assert len(result["comment"]) < 2000, "64 KiB are not repeated to the one who wrote them"
    return result["comment"]


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_a_name_that_no_server_takes_is_refused_before_anything_is_sent(salted, table):
    """Mutation: leave the check to the server, and the name travels as a path."""
    from saltext.eos.utils.validate import findings

    schema = spec_of(table)["fields"]["name"]["schema"]
    example = _example(table)
    for what, name in NEVER.items():
        assert findings(schema, name) or what in ("line break", "NUL", "nothing"), what
        _refused(salted, table, "name", {**example, "name": name})
        if table.get("lasting"):
            continue
        gone = salted.state(
            f"{table['resource']}.absent",
            **{k: example[k] for k in table["keys"] if k in example} | {"name": name},
        )
        assert (gone["result"], salted.sent) == (False, []), (what, gone)
    for name in SELDOM.values():
        if findings(schema, name):
            _refused(salted, table, "name", {**example, "name": name})


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_a_value_of_another_type_is_refused_before_anything_is_sent(salted, table):
    """Mutation: hand what is wrong to the server, which takes unknown fields in silence."""
    from saltext.eos.utils import forms

    for field, row in spec_of(table)["fields"].items():
        if row.get("read_only"):
            continue
        for wrong in _wrong(row):
            said = _refused(salted, table, field, {**_example(table), field: wrong})
            assert said.split(":")[0] == field, said
        if forms.holds_secret(row):
            for wrong in (SECRET, [SECRET], {"a": [SECRET]}):
                said = _refused(salted, table, field, {**_example(table), field: wrong})
                assert SECRET not in said


def _wrong(row):
    """Give values that no field of this schema takes."""
    schema = row["schema"]
    if str(schema.get("x-form", "")).startswith("place:"):
        return [SECRET, [SECRET], {"file": "/a", "sealed": "b"}, {"env": "A"}, 7]
    if str(schema.get("x-form", "")).startswith("span:"):
        never = ["soon", "5 minutes", "1h 30m", -1, True, ["1h"], float("inf"), float("nan")]
        return [*never, *([0, "0s", "0h0m"] if "longer than nothing" in schema["x-says"] else [])]
    if "enum" in schema:
        return ["no such value", 7, ["a"]]
    wrong = {
        "string": [7, True, ["a"], {"a": "b"}],
        "integer": ["many", 1.5, True, ["1"], float("inf"), float("nan")],
        "number": ["many", True, float("inf")],
        "boolean": ["yes", 1, "true"],
        "array": [7, {"a": "b"}, [["a"]]],
        "object": [7, "text", ["a"]],
    }
    return wrong.get(schema.get("type"), [])


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_fields_that_exclude_each_other_are_refused_together(salted, table):
    """Mutation: send both, and the server takes one of them without saying which."""
    spec = spec_of(table)
    for names in spec.get("exclusive", ()):
        values = {}
        for example in table["examples"].values():
            values |= {name: one for name, one in example["desired"].items() if name in names}
        assert len(values) > 1, f"no examples have {names}"
        result = salted.state(f"{table['resource']}.present", **{**_example(table), **values})
        assert (result["result"], salted.sent) == (False, []), result
        assert "expected at most one of" in result["comment"]
        assert "; found 2; " in result["comment"]


def test_a_secret_written_as_text_is_refused_and_not_repeated(salted):
    """Mutation: show what was found, as for every other field, and the secret is in the log."""
    arguments = {"name": "shared/mail", "items": {"password": "hunter22"}}
    result = salted.state("nomad_variable.present", **arguments)
    assert (result["result"], salted.sent) == (False, [])
    assert result["comment"] == (
        "items:password: expected the place of a secret: {file: …}, {sealed: …} or {vault: {path: "
        "…, field: …}}; found a value that is not shown"
    )
