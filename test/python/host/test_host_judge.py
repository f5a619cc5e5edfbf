"""When something is told: after its quiet time, once for each time, and never what was not seen."""

from __future__ import annotations

from saltext.eos.utils.host_judge import WELL, Seen, judge

QUIET = 5.0


def _seen(level, mark="m", **flags):
    return Seen(
        "unit:a", "host/unit", level, mark, "2026-11-21T15:00:00Z", {}, "recovered", **flags
    )


def _told(*looks, quiet=QUIET):
    """Give the moments and verbs that are told of looks, each a moment and what is seen."""
    known, found = None, []
    for now, seen in looks:
        known, is_told = judge(known, seen, now, quiet)
        if is_told:
            found.append((now, seen.verb()))
    return found


def test_what_is_not_well_is_told_after_its_quiet_time_and_once():
    bad = _seen("failed")
    assert _told((0, bad), (4, bad), (5, bad), (6, bad), (900, bad)) == [(5, "failed")]


def test_what_was_bad_for_less_than_its_quiet_time_is_not_told():
    bad, well = _seen("stopped"), _seen(WELL)
    assert _told((0, well), (1, bad), (5, bad), (5.5, well), (60, well)) == []
    # Each time counts anew.
    assert _told((0, bad), (4, well), (4.5, bad), (9, bad), (10, bad)) == [(10, "stopped")]


def test_what_is_well_again_is_told_after_what_was_not():
    bad, well = _seen("failed"), _seen(WELL)
    looks = [(0, bad), (5, bad), (7, well), (11, well), (12, well), (99, well)]
    assert _told(*looks) == [(5, "failed"), (12, "recovered")]


def test_what_could_not_be_seen_changes_nothing():
    bad, dark = _seen("failed"), _seen(None)
    assert _told((0, dark), (99, dark)) == []
    assert _told((0, bad), (1, dark), (5, bad), (50, dark), (99, dark)) == [(5, "failed")]


def test_another_life_that_fails_is_another_time_where_that_counts():
    first, second = _seen("failed", "1", is_each=True), _seen("failed", "2", is_each=True)
    looks = [(0, first), (5, first), (6, second), (10, second), (11, second), (99, second)]
    assert _told(*looks) == [(5, "failed"), (11, "failed")]
    plain = [(now, seen._replace(is_each=False)) for now, seen in looks]
    assert _told(*plain) == [(5, "failed")]


def test_what_was_never_well_here_is_found_and_not_missed():
    gone, well = _seen("stopped", is_silent=True), _seen(WELL)
    assert _told((0, gone), (99, gone), (100, well), (200, well)) == []
    looks = [(0, gone), (10, well), (20, well), (30, gone), (40, gone), (50, well), (60, well)]
    assert _told(*looks) == [(40, "stopped"), (60, "recovered")]


def test_a_clock_that_went_back_with_a_new_boot_holds_nothing_up():
    known, _ = judge(None, _seen("failed"), 9_000.0, QUIET)
    known, is_told = judge(known, _seen("failed"), 12.0, QUIET)
    assert is_told
