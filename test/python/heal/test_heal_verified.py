"""Verifying the audit while others add to it."""

from __future__ import annotations

import contextlib

import pytest

from saltext.eos.utils import heal_audit, heal_claim, heal_file, heal_store


def _refuse(path, number):
    with contextlib.suppress(heal_claim.Refused):
        heal_claim.claim(path, f"d-{number}", "resync", {"jid": "1"})


def test_lines_that_come_while_it_is_verified_break_nothing(tmp_path):
    path = tmp_path / heal_file.NAME
    heal_store.Store(path).close()
    for number in range(3):
        _refuse(path, number)
    with contextlib.closing(heal_file.opened(path)) as db:
        seen = []
        for line in heal_audit.verified(db):
            _refuse(path, 10 + line.n)
            seen.append(line.n)
        assert seen == [1, 2, 3]
        assert [one.n for one in heal_audit.verified(db)] == [1, 2, 3, 4, 5, 6]


def test_a_lost_line_is_still_found(tmp_path):
    """Mutation: what is read at one moment is still compared with where the audit ends."""
    path = tmp_path / heal_file.NAME
    heal_store.Store(path).close()
    for number in range(3):
        _refuse(path, number)
    with contextlib.closing(heal_file.opened(path)) as db:
        db.execute("DROP TRIGGER audit_keeps")
        db.execute("DELETE FROM audit WHERE n = 3")
        with pytest.raises(heal_audit.Broken, match="ends with line 2; expected 3"):
            list(heal_audit.verified(db))
