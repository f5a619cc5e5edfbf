"""The kernel of all resources when a server fails: nothing is believed, and no secret gets out."""

import base64

import pytest
from shelf import SPEC

GARBAGE = {
    "nothing": b"",
    "null": b"null",
    "text": b'"gone"',
    "number": b"7",
    "two objects": b'[{"Name": "a"}, {"Name": "b"}]',
    "a list of numbers": b"[1]",
    "a page of a proxy": b"<html>maintenance</html>",
    "another kind of object": b'{"a": 1}',
    "another shelf": b'{"Name": "other", "Index": 1}',
    "depth": b"[" * 100_000,
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_an_answer_that_is_no_object_is_neither_presence_nor_absence(shelves, present, body):
    """Mutation: take whatever is no object for absence, and a proxy decides what exists."""
    from saltext.eos.utils import converge

    shelves.garbage = body
    gone = converge.absent(SPEC, {"name": "tools"}, {}, shelves.opts)
    assert (gone["result"], shelves.wrote) == (False, []), gone
    for test in (True, False):
        made = present(test=test, name="tools", label="x")
        assert (made["result"], made["changes"], shelves.wrote) == (False, {}, []), made
        assert "expected" in made["comment"]


@pytest.mark.parametrize(
    "name", ["nothing", "null", "text", "number", "a list of numbers", "depth"]
)
def test_an_answer_that_is_no_list_proves_no_absence(shelves, name):
    from saltext.eos.utils import converge

    spec = {**SPEC, "find": {"list": "GET /v1/shelves"}}
    shelves.garbage = GARBAGE[name]
    gone = converge.absent(spec, {"name": "tools"}, {}, shelves.opts)
    assert (gone["result"], shelves.wrote) == (False, []), gone


def test_what_another_wrote_is_not_repeated(shelves, present):
    """Mutation: pass on the body of a conflict; Nomad puts the other's variable into it."""
    shelves.put("tools", Rules={"Label": "x"})
    shelves.says = (409, {"Items": {"password": "foreign-secret"}})
    result = present(name="tools", label="y")
    assert (result["result"], shelves.wrote) == (False, ["PUT"] * 3)
    assert "answered 409: another has written meanwhile" in result["comment"]
    assert "foreign" not in str(result)


LONG = "\n".join(["MIIEvQIBADANBgkqhkiG"] * 20)
REPEATED = {
    "as it is": lambda secret: secret,
    "in JSON": lambda secret: {"error": f"bad value: {secret}"},
    "packed": lambda secret: f"bad value {base64.b64encode(secret.encode()).decode()}",
    "where it is cut": lambda secret: "x" * 280 + secret,
}


@pytest.mark.parametrize("secret", ["hunter22", 'quotes " and \\ and ü', LONG], ids=["a", "b", "c"])
@pytest.mark.parametrize("said", REPEATED.values(), ids=REPEATED)
def test_no_form_of_a_secret_gets_out(shelves, present, place, caplog, said, secret):
    """Mutation: cut first and hide then; what is left of a long secret is no longer known."""
    from salt.exceptions import CommandExecutionError

    from saltext.eos.utils import converge

    shelves.says = (400, said(secret))
    with caplog.at_level("DEBUG"):
        result = present(name="tools", lock=place(secret))
        with pytest.raises(CommandExecutionError) as raised:
            converge.create(SPEC, {"name": "tools", "lock": place(secret)}, {}, shelves.opts)
    assert result["result"] is False
    told = f"{result}{raised.value}{raised.value.__cause__}{caplog.text}"
    for part in (secret[:8], base64.b64encode(secret.encode()).decode()[:8]):
        assert part not in told
    assert "***" in result["comment"]


def test_what_was_written_and_not_kept_is_a_failure_with_what_is_there(shelves, present):
    """Mutation: say ``changes: {}``, or what was sent, and who watches the object hears a lie."""
    shelves.keeps = {"Rules": {"Label": "other"}}
    made = present(name="tools", label="x")
    assert made["result"] is False
    assert made["changes"] == {
        "name": {"old": None, "new": "tools"}, "label": {"old": None, "new": "other"},
    }  # fmt: skip
    assert made["comment"].startswith("Nomad shelf tools has been created, but Nomad shelf tools ")
    assert "the server did not keep label" in made["comment"]
    changed = present(name="tools", label="y")
    assert changed["changes"] == {}
    assert changed["comment"].startswith("Nomad shelf tools has been updated, but")


def test_what_is_still_there_after_it_was_deleted_is_a_failure(shelves):
    from saltext.eos.utils import converge

    shelves.put("tools")
    shelves.keeps = {"Undeletable": True}
    result = converge.absent(SPEC, {"name": "tools"}, {}, shelves.opts)
    assert result["result"] is False
    assert result["comment"] == (
        "Nomad shelf tools has been deleted, but Nomad shelf tools is still there after it was "
        "deleted; expected it to be gone"
    )
    assert result["changes"] == {}


def test_bytes_that_are_no_text_survive_a_change_of_something_else():
    """Mutation: send what is shown, and the value becomes the text ``base64:…``."""
    from saltext.eos.utils import wire

    spec = {**SPEC, "raw": "carving"}
    base = {"Carving": base64.b64encode(b"\x80\x81\xff").decode()}
    assert wire.body_of(spec, {"name": "a", "carving": None}, base) == b"\x80\x81\xff"


def test_what_is_constant_is_compared(shelves, present):
    """Mutation: only write it, and an object of another kind is turned into ours."""
    from saltext.eos.utils import converge

    shelves.put("tools", Kind="board", Rules={"Label": "x"})
    spec = {**SPEC, "constant": {"Kind": "shelf"}}
    result = converge.present(spec, {"name": "tools", "label": "y"}, {}, shelves.opts)
    assert (result["result"], shelves.wrote) == (False, [])
    assert "has Kind 'board'; expected 'shelf'" in result["comment"]


def test_a_token_that_is_no_header_is_not_repeated():
    """Mutation: let the library say what it refuses: it repeats the header."""
    from saltext.eos.utils.http import BadRequest, Client

    client = Client(
        "http://127.0.0.1:1", headers={"X-Token": "5f0c6a52-secret\nsecond"}, attempts=1
    )
    with pytest.raises(BadRequest) as raised:
        client.get("/a")
    assert "5f0c6a52" not in f"{raised.value}{raised.value.__cause__}"
