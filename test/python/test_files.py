"""Files as data: formats, atomic writes, honest changes, no secret and no mask in sight."""

import os
import stat

import pytest

OPENED = "s3cret-value"


@pytest.fixture
def managed(tmp_path, monkeypatch):
    """Run the state on a file in a temporary folder, as the current user."""
    import getpass
    import grp

    from saltext.eos.states import eos_file

    monkeypatch.setattr(eos_file, "__opts__", {"test": False}, raising=False)
    monkeypatch.setattr(eos_file, "__pillar__", {}, raising=False)
    monkeypatch.setattr(eos_file, "__salt__", {}, raising=False)
    monkeypatch.setattr(eos_file.secret, "resolve", lambda data, *_: _filled(data), raising=True)
    owner = {"user": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}

    def run(format="json", data=None, test=False, name="file", **more):
        eos_file.__opts__["test"] = test
        return eos_file.managed(
            name=str(tmp_path / name), format=format, data=data or {}, **owner, **more
        )

    return run


def _filled(data):
    if isinstance(data, dict):
        return OPENED if data.keys() == {"$secret"} else {k: _filled(v) for k, v in data.items()}
    return data


FORMATS = [
    ("json", {"b": 1, "a": [True, None, "é"]},
     '{\n  "b": 1,\n  "a": [\n    true,\n    null,\n    "é"\n  ]\n}\n'),
    ("env", {"A": "x", "B": True, "C": 'a "b" $c', "D": 7, "E": ""},
     'A=x\nB=true\nC="a \\"b\\" \\$c"\nD=7\nE=\n'),
    ("lines", {"lines": ["a", 1, True]}, "a\n1\ntrue\n"),
    ("unit", {"Unit": {"After": ["a", "b"]}, "Service": {"MemoryMax": 5, "PrivateTmp": True}},
     "[Unit]\nAfter=a\nAfter=b\n\n[Service]\nMemoryMax=5\nPrivateTmp=true\n"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "data", "text"), FORMATS)
def test_writes_each_format(managed, tmp_path, form, data, text):
    assert managed(form, data)["result"] is True
    assert (tmp_path / "file").read_text("utf-8") == text


REFUSED = [
    ("env", {"A": "x\ny"}, "the value of A has a line break or NUL"),
    ("env", {"A B": "x"}, "'A B' is no name of an environment variable"),
    ("unit", {"Service": {"A": "x\nExecStart=evil"}}, "the value of A has a line break"),
    ("unit", {"Ser]vice": {}}, "is no name of a unit's section"),
    ("lines", {"lines": ["a\0b"]}, "has a line break or NUL"),
    ("yaml", {}, "format 'yaml' is unknown; expected one of json, env, lines, unit"),
]


@pytest.mark.parametrize(("form", "data", "message"), REFUSED)
def test_refuses_what_a_format_cannot_say(managed, tmp_path, form, data, message):
    result = managed(form, data)
    assert result["result"] is False
    assert message in result["comment"]
    assert not (tmp_path / "file").exists()


def test_test_mode_predicts_and_writes_nothing_then_nothing_is_left(managed, tmp_path):
    predicted = managed(data={"a": 1}, test=True)
    assert predicted["result"] is None
    assert not (tmp_path / "file").exists()
    applied = managed(data={"a": 1})
    assert applied["changes"] == predicted["changes"]
    for test in (False, True):
        again = managed(data={"a": 1}, test=test)
        assert (again["result"], again["changes"]) == (True, {})


def test_a_change_shows_its_difference(managed):
    managed(data={"a": 1})
    changed = managed(data={"a": 2}, mode="0640")
    assert set(changed["changes"]) == {"content", "mode"}
    assert changed["changes"]["mode"] == {"old": "0644", "new": "0640"}


def test_text_is_shown_only_where_everyone_may_read_it(managed):
    managed(data={"a": 1})
    open_change = managed(data={"a": 2})["changes"]["content"]
    assert '+  "a": 2' in open_change["diff"]
    closed = managed(data={"a": 3}, mode="0600")["changes"]["content"]
    assert closed == {"old": "***", "new": "***"}


def test_a_secret_that_others_may_read_is_refused(managed, tmp_path):
    result = managed(data={"a": {"$secret": "x.y"}}, mode="0644")
    assert result["result"] is False
    assert "has a secret and mode 0644" in result["comment"]
    assert not (tmp_path / "file").exists()


def test_a_secret_is_in_the_file_and_nowhere_in_the_return(managed, tmp_path):
    first = managed(data={"a": {"$secret": "x.y"}}, mode="0600")
    again = managed(data={"a": {"$secret": "x.y"}, "b": 1}, mode="0600")
    assert OPENED in (tmp_path / "file").read_text()
    assert OPENED not in str(first) + str(again)
    assert first["changes"] == {"content": {"old": None, "new": "***"}}


def test_the_secret_would_show_if_the_marker_were_not_looked_for(managed, monkeypatch):
    """Mutation of the test above."""
    from saltext.eos.states import eos_file

    monkeypatch.setattr(eos_file.secret, "holds", lambda _: False)
    assert OPENED in str(managed(data={"a": {"$secret": "x.y"}}))


def test_refuses_the_pillar_mask_in_place_of_a_value(managed, tmp_path):
    result = managed(data={"password": "**********"})
    assert result["result"] is False
    assert "pillar mask" in result["comment"]
    assert not (tmp_path / "file").exists()


def test_masked_pillar_reaches_the_file_as_values(managed, tmp_path):
    secret = pytest.importorskip("salt.utils.secret", reason="Salt before 3008 masks nothing")
    masked = secret.hide({"a": {"b": ["value", 1]}})
    assert "**********" in str(masked)
    managed(data=masked)
    text = (tmp_path / "file").read_text()
    assert "value" in text
    assert "**********" not in text


def test_text_made_from_a_masked_container_is_refused(managed):
    """Mutation: what a template would do with a masked container ends in a refusal."""
    secret = pytest.importorskip("salt.utils.secret", reason="Salt before 3008 masks nothing")
    result = managed("lines", {"lines": [str(secret.hide({"a": "value"}))]})
    assert result["result"] is False
    assert "pillar mask" in result["comment"]


def test_another_kind_of_file_is_not_replaced(managed, tmp_path):
    (tmp_path / "file").mkdir()
    assert "is no regular file" in managed(data={"a": 1})["comment"]


def test_a_file_is_replaced_at_once(managed, tmp_path):
    managed(data={"a": 1})
    with (tmp_path / "file").open() as reader:
        managed(data={"a": 2})
        assert '"a": 1' in reader.read()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


def test_an_unknown_owner_fails_without_a_traceback(managed, monkeypatch):
    from saltext.eos.states import eos_file

    result = eos_file.managed("/tmp/eos-x", "json", {}, user="nobody-of-that-name")
    assert result["result"] is False
    assert "does not exist here" in result["comment"]
