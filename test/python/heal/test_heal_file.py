"""The file of the healer is made once: one that is lost or emptied freezes, and frees nothing."""

from __future__ import annotations

import contextlib

import pytest
from healing import ENFORCE, Clocks

from saltext.eos.utils import heal_claim, heal_file, heal_state, heal_store


@pytest.fixture
def path(tmp_path):
    """A file in which a person has frozen the stack, after a stop."""
    path = tmp_path / heal_file.NAME
    with contextlib.closing(heal_store.Store(path, Clocks())) as store, store.step(ENFORCE):
        store.state.put_rule(heal_state.Rule("freeze", "stack", "SAN", "ann", 0.0))
    return path


def _clear(path):
    for one in path.parent.glob(f"{path.name}-*"):
        one.unlink()


def test_an_empty_file_is_not_made_anew(path):
    _clear(path)
    path.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(heal_file.Unusable, match="is empty"):
            heal_store.Store(path, Clocks())
        with pytest.raises(heal_file.Unusable, match="is empty"):
            heal_claim.claim(path, "x", "evaluate", {}, Clocks())
    assert path.stat().st_size == 0


def test_a_file_that_is_gone_is_not_made_anew_until_a_person_says_so(path):
    _clear(path)
    path.unlink()
    for _ in range(2):
        with pytest.raises(heal_file.Unusable, match=r"is gone.* remove .*healer\.made"):
            heal_store.Store(path, Clocks())
    assert not path.exists()
    path.with_name(heal_file.MARK).unlink()
    with contextlib.closing(heal_store.Store(path, Clocks())) as store:
        assert store.state.rules == {}


def test_a_file_of_before_the_mark_gets_one(path):
    path.with_name(heal_file.MARK).unlink()
    with contextlib.closing(heal_store.Store(path, Clocks())) as store:
        assert len(store.state.rules) == 1
    assert path.with_name(heal_file.MARK).exists()
