"""The books: every counted kill is told once, by name or without."""

import random

import pytest

from saltext.eos.utils import oom_ledger, record_books


def _books():
    return oom_ledger.opened("boot", 10, number=1, microseconds=0, first=1000)


def test_a_counted_kill_is_owed_until_a_line_pays_it():
    books = _books()
    assert oom_ledger.count(books, 12, now=1.0) == 2
    assert oom_ledger.pay(books)
    assert oom_ledger.owed(books) == 1


def test_a_line_before_its_count_is_settled_by_it():
    books = _books()
    assert oom_ledger.pay(books)
    assert oom_ledger.count(books, 11, now=1.0) == 0


def test_a_debt_is_written_off_once_and_its_late_line_is_not_told_again():
    books = _books()
    oom_ledger.count(books, 11, now=1.0)
    assert oom_ledger.overdue(books, 10.9, within=10) == 0
    assert oom_ledger.overdue(books, 11.0, within=10) == 1
    assert oom_ledger.overdue(books, 12.0, within=10) == 0
    assert not oom_ledger.pay(books)
    assert books["counts"]["late"] == 1


def test_new_debts_do_not_make_old_ones_younger():
    books = _books()
    oom_ledger.count(books, 11, now=1.0)
    oom_ledger.count(books, 12, now=9.0)
    assert oom_ledger.overdue(books, 11.5, within=10) == 1
    assert oom_ledger.owed(books) == 1


def test_a_burst_is_told_singly_up_to_its_limit_and_counted_beyond():
    books = _books()
    told = [oom_ledger.may_tell(books, 1.0, 3, 100, f"p{i % 2}") for i in range(8)]
    assert told == [True] * 3 + [False] * 5
    assert oom_ledger.take_surplus(books, 60.9, 100) == (0, [])
    assert oom_ledger.take_surplus(books, 61.0, 100) == (5, ["p1 3", "p0 2"])
    assert oom_ledger.may_tell(books, 61.0, 3, 100, "p0")


def test_kills_that_may_be_anothers_are_told_once_a_minute_together():
    books = _books()
    for moment in (1.0, 2.0, 3.0):
        oom_ledger.doubt(books, moment)
    assert oom_ledger.take_doubtful(books, 60.9) == 0
    assert oom_ledger.take_doubtful(books, 61.0) == 3
    assert oom_ledger.take_doubtful(books, 200.0) == 0


def test_numbers_have_no_gap_and_an_acknowledgement_lets_go_in_order():
    books = _books()
    for kind in "abc":
        record_books.tell(books, {"kind": kind})
    assert [record["n"] for record in books["records"]] == [1000, 1001, 1002]
    assert record_books.acknowledge(books, 1001) == 2
    assert [record["kind"] for record in books["records"]] == ["c"]


def test_a_reboot_starts_the_kernels_numbers_anew_and_keeps_ours():
    books = _books()
    record_books.tell(books, {"kind": "a"})
    page = oom_ledger.rebooted(books, "next")
    assert (page["boot"], page["total"], page["line"], page["number"]) == ("next", 0, 0, 1001)
    assert page["records"] == books["records"]


@pytest.mark.parametrize("seed", range(40))
def test_every_kill_is_told_once_whatever_the_order_of_counts_and_lines(seed):
    """Kills whose lines come early, in time, late or never: by name or without, once."""
    chance, books = random.Random(seed), _books()
    kills = lines = named = nameless = 0
    now = 0.0
    for _ in range(200):
        now += chance.random() * 3
        if chance.random() < 0.3:
            new = chance.randrange(4)
            kills += new
            lines += sum(chance.random() < 0.8 for _ in range(new))
        oom_ledger.count(books, 10 + kills, now)
        while lines and oom_ledger.owed(books) and chance.random() < 0.7:
            lines -= 1
            named += oom_ledger.pay(books)
        nameless += oom_ledger.overdue(books, now, within=10)
    nameless += oom_ledger.overdue(books, now + 10, within=10)
    while lines:
        lines -= 1
        named += oom_ledger.pay(books)
    assert named + nameless - books["ahead"] == kills
    assert books["ahead"] == 0
