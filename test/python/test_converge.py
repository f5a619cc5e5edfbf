"""The kernel of all resources against a small server: levels, spellings, swaps, secrets."""

import pytest
from shelf import SPEC

SPELLINGS = [
    ({"readers": "b, a"}, {"readers": ["a", "b"]}, {"Readers": [{"Name": "b"}, {"Name": "a"}]}),
    ({"lent": 5400}, {"lent": "1h30m"}, {"Lent": 5_400_000_000_000}),
    ({"lent": "90m"}, {"lent": "1h30m0s"}, {"Lent": 5_400_000_000_000}),
    ({"carving": "é\n"}, {"carving": "é\n"}, {"Carving": "w6kK"}),
    ({"label": "x"}, {"label": "x"}, {"Rules": {"Label": "x"}}),
    (
        {"things": [{"title": "saw"}, {"title": "axe", "count": 2}]},
        {"things": [{"title": "axe", "count": 2}, {"title": "saw", "count": 1}]},
        {"Things": [{"Title": "saw", "Count": 1}, {"Title": "axe", "Count": 2}]},
    ),
]


@pytest.mark.parametrize(("first", "second", "body"), SPELLINGS)
def test_another_spelling_of_the_same_value_changes_nothing(shelves, present, first, second, body):
    """Mutation: compare what was written, not what it means, and the second spelling writes."""
    created = present(name="tools", **first)
    assert (created["result"], shelves.wrote) == (True, ["PUT"]), created
    assert body.items() <= shelves.bodies[0].items()
    again = present(name="tools", **second)
    assert (again["result"], again["changes"], shelves.wrote) == (True, {}, []), again


def test_what_is_not_managed_survives_a_change_at_every_level(shelves, present):
    """Mutation: send only what is wanted, and what others keep there is gone."""
    things = [{"Title": "saw", "Count": 1, "Owner": "anna"}, {"Title": "old", "Count": 9}]
    shelves.put("tools", Rules={"Label": "x", "Hidden": 1}, Colour="red", Things=things)
    result = present(name="tools", label="y", things=[{"title": "saw", "count": 2}])
    assert result["result"] is True, result
    kept = shelves.objects["tools"]
    assert kept["Rules"] == {"Label": "y", "Hidden": 1}
    assert kept["Colour"] == "red"
    assert kept["Things"] == [{"Title": "saw", "Count": 2, "Owner": "anna"}]
    assert set(result["changes"]) == {"label", "things"}


def test_another_who_writes_meanwhile_is_read_and_decided_anew(shelves, present):
    """Mutation: take ``false`` for success, and the other's label is believed to be ours."""
    shelves.put("tools", Rules={"Label": "x"})
    shelves.meanwhile = [lambda: shelves.put("tools", Colour="red")]
    result = present(name="tools", label="y")
    assert (result["result"], shelves.wrote) == (True, ["PUT", "PUT"]), result
    assert shelves.objects["tools"]["Colour"] == "red"
    assert shelves.objects["tools"]["Rules"] == {"Label": "y"}


def test_one_who_does_the_same_meanwhile_leaves_nothing_to_do(shelves, present):
    shelves.put("tools", Rules={"Label": "x"})
    shelves.meanwhile = [lambda: shelves.put("tools", Rules={"Label": "y"})]
    result = present(name="tools", label="y")
    assert (result["result"], result["changes"], shelves.wrote) == (True, {}, ["PUT"])


def test_a_write_that_is_always_lost_ends_as_a_failure(shelves, present):
    """Mutation: try until it works, and two states that disagree never end."""
    shelves.put("tools", Rules={"Label": "x"})
    shelves.meanwhile = [lambda: shelves.put("tools", Colour="red")] * 9
    result = present(name="tools", label="y")
    assert (result["result"], shelves.wrote) == (False, ["PUT"] * 3)
    assert "another has written meanwhile" in result["comment"]


def test_a_delete_that_is_lost_is_decided_anew(shelves):
    from saltext.eos.utils import converge

    shelves.put("tools")
    shelves.meanwhile = [lambda: shelves.put("tools", Colour="red")]
    result = converge.absent(SPEC, {"name": "tools"}, {}, shelves.opts)
    assert (result["result"], shelves.wrote) == (True, ["DELETE", "DELETE"])
    assert shelves.objects == {}


def test_a_field_that_the_server_is_too_old_for_is_left_out_and_said(shelves, present):
    """Mutation: send it all the same; Nomad takes it in silence, and it never converges."""
    shelves.version = "1.10.5"
    result = present(name="tools", lent="1h", label="x")
    assert result["result"] is True, result
    assert "Lent" not in shelves.objects["tools"]
    assert result["comment"].endswith(
        "has been created. lent is left out: it needs 1.11, the server has 1.10.5."
    )
    assert "lent" not in result["changes"]
    assert present(name="tools", lent="1h", label="x")["changes"] == {}


def test_the_version_is_asked_for_only_where_it_matters_and_once(shelves, present):
    """Mutation: ask each time, and every object costs a second request."""
    present(name="tools", label="x")
    assert ("GET", "/v1/agent/self") not in shelves.asked
    present(name="tools", lent="1h")
    assert shelves.asked.count(("GET", "/v1/agent/self")) == 1
    present(name="tools", lent="1h")
    assert len(shelves.asked) == 1, "no more than one request for what is right"


def test_what_the_server_fixes_is_refused_with_what_to_do(shelves, present):
    shelves.put("tools", Room="cellar")
    result = present(name="tools", room="attic")
    assert (result["result"], shelves.wrote) == (False, [])
    assert result["comment"] == (
        "Nomad shelf tools cannot change room from 'cellar' to 'attic': the server fixes that at "
        "creation; expected the old value; keep it, or delete the object first, which loses what "
        "it holds"
    )


def test_a_secret_is_compared_and_never_shown(shelves, present, place):
    """Mutation: put the value into the changes as it is; each line below then finds it."""
    things = [{"title": "saw", "code": place("saw-code", "b")}]
    for test in (True, False):
        result = present(test=test, name="tools", lock=place("hunter22"), things=things)
        assert result["changes"]["lock"] == {"old": None, "new": "***"}
        assert result["changes"]["things"]["new"] == [{"title": "saw", "count": 1, "code": "***"}]
        assert "hunter22" not in str(result)
    assert shelves.objects["tools"]["Lock"] == "hunter22"
    assert shelves.objects["tools"]["Things"][0]["Code"] == "c2F3LWNvZGU="
    assert present(name="tools", lock=place("hunter22"), things=things)["changes"] == {}
    changed = present(name="tools", lock=place("hunter23"))
    assert changed["changes"] == {"lock": {"old": "***", "new": "***"}}


def test_a_secret_that_the_server_repeats_is_hidden(shelves, present, place):
    """Mutation: pass on the server's own words."""
    shelves.says = (400, "lock hunter22 is too simple")
    result = present(name="tools", lock=place("hunter22"))
    assert result["result"] is False
    assert "lock *** is too simple" in result["comment"]
    assert "hunter22" not in str(result)


def test_what_a_server_shows_for_a_secret_is_never_sent_back(shelves, present, place):
    """Mutation: overlay what was read, and ``redacted`` becomes the secret."""
    present(name="tools", pin=place("4711"), label="x")
    assert shelves.objects["tools"]["Pin"] == "4711"
    present(name="tools", pin=place("4711"), label="y")
    assert shelves.objects["tools"]["Pin"] == "4711"
    refused = present(name="tools", label="z")
    assert (refused["result"], shelves.wrote) == (False, [])
    assert refused["comment"].startswith("Nomad shelf tools has pin, which the server never shows")
    assert shelves.objects["tools"]["Pin"] == "4711"


def test_fields_that_exclude_each_other(shelves, present):
    """Mutation: keep the one when the other is set; the server then has both."""
    result = present(name="tools", carving="a", paint="red")
    assert (result["result"], shelves.asked) == (False, [])
    assert result["comment"] == (
        "carving and paint: expected at most one of carving, paint; found 2; leave the others out"
    )
    present(name="tools", carving="a")
    present(name="tools", paint="red")
    assert "Carving" not in shelves.objects["tools"]


def test_two_of_one_name_are_refused(shelves):
    from saltext.eos.utils import converge

    spec = {**SPEC, "find": {"list": "GET /v1/shelves", "match": ["label"]}}
    shelves.put("a", Rules={"Label": "x"})
    shelves.put("b", Rules={"Label": "x"})
    result = converge.present(spec, {"name": "c", "label": "x"}, {}, shelves.opts)
    assert (result["result"], shelves.wrote) == (False, [])
    assert result["comment"].startswith("there are 2 of Nomad shelf with label 'x'; expected one")


def test_a_body_may_be_the_bytes_of_one_field(shelves):
    """Mutation: send JSON, and Consul keeps the quotes."""
    from saltext.eos.utils import wire

    spec = {**SPEC, "raw": "carving"}
    assert wire.body_of(spec, {"name": "a", "carving": "é"}, None) == "é".encode()
    assert wire.body_of(spec, {"name": "a", "carving": None}, {"Carving": "w6k="}) == "é".encode()
    assert wire.body_of(spec, {"name": "a", "carving": None}, None) == b""


FORMS = [
    ({"form": "span:s"}, "1h", 3600, "1h"),
    ({"form": "span:s"}, "0s", 0, "0s"),
    ({"form": "span:text"}, "1h30m", "1h30m", "1h30m"),
    ({"form": "span:ns"}, "1s500ms", 1_500_000_000, "1s500ms"),
    ({"form": "place:base64"}, "a", "YQ==", "a"),
    ({}, {"a": 1}, {"a": 1}, {"a": 1}),
]


@pytest.mark.parametrize(("row", "value", "written", "read"), FORMS)
def test_a_value_is_written_and_read_as_its_form_says(row, value, written, read):
    from saltext.eos.utils import forms

    assert forms.encoded(row, value) == written
    assert forms.decoded(row, written) == read


READ = [
    ({"form": "span:text"}, "72h0m0s", "72h"),
    ({"form": "span:text"}, "", "0s"),
    ({"form": "span:s"}, "768h", "768h"),
    ({"form": "span:ns"}, "soon", "soon"),
    ({"form": "base64"}, "/w==", "base64:/w=="),
    ({"form": "base64"}, None, None),
]


@pytest.mark.parametrize(("row", "wire", "value"), READ)
def test_what_a_server_writes_is_read_in_one_way(row, wire, value):
    from saltext.eos.utils import forms

    assert forms.decoded(row, wire) == value


def test_a_part_of_a_second_is_refused_where_the_server_counts_in_seconds():
    from saltext.eos.utils import forms

    with pytest.raises(ValueError, match="ttl: expected whole seconds; found 1s500ms"):
        forms.encoded({"wire": "ttl", "form": "span:s"}, "1s500ms")


@pytest.mark.parametrize(("version", "parts"), [
    ("1.21.0", (1, 21, 0)), ("v1.9.3+ent", (1, 9, 3)), ("1.11", (1, 11, 0)), ("dev", (0, 0, 0)),
])  # fmt: skip
def test_versions_are_compared_as_numbers(version, parts):
    """Mutation: compare text, and 1.9 is newer than 1.10."""
    from saltext.eos.utils import versions

    assert versions.parts(version) == parts
