"""The check of the tree calls the reactor with events, and refuses one that starts wrongly."""

from __future__ import annotations

import sys

import pytest
from wheel import ROOT

PLACE = "saltext/eos/srv/salt/eos/heal"


@pytest.fixture
def found(tmp_path, monkeypatch):
    """Judge the generated reactor after an edit."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "kitchen/check"), *sys.path])
    from reaction import reactions

    def judge(old="", new=""):
        folder = tmp_path / "site" / PLACE
        folder.mkdir(parents=True)
        origins = {}
        for path in (ROOT / "generated/salt/eos/heal").glob("*.sls"):
            text = path.read_text("utf-8")
            if path.stem == "reactor":
                assert old in text
                text = text.replace(old, new) if old else text
            (folder / path.name).write_text(text)
            origins[folder / path.name] = path.relative_to(ROOT)
        return [str(one) for one in reactions(tmp_path / "site", tmp_path / "work", origins)]

    return judge


def test_the_generated_reactor_passes(found):
    assert found() == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        # What was never decided is started.
        ('heal_sieve.passed(known["__opts__"], known["tag"], known["data"])', '"x"', "'x'"),
        # One act starts another.
        ('"eos/heal/decided/resync": "eos.heal.resync"',
         '"eos/heal/decided/resync": "eos.heal.apply"', "eos.heal.apply"),
        # An act is forgotten.
        ('    "eos/heal/decided/unseal": "eos.heal.unseal",\n', "", "it starts {}"),
        # The event's own data is handed on.
        ('{"eos_decision": decision}', 'known["data"]', "_stamp"),
        ("return {", "return {{", "because it fails"),
    ],
)  # fmt: skip
def test_another_one_is_refused(found, old, new, says):
    assert any(says in one for one in found(old, new))
