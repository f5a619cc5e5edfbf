"""
The books of the beacon: what the counter owes, what lines have paid, what is still to be told.

Pure: a state goes in and is changed, nothing else is touched. The state is plain JSON, and what
is not in it did not happen.
"""

from __future__ import annotations

from typing import Any

State = dict[str, Any]

VERSION = 1
WRITTEN = ("boot", "total", "line", "owed", "records", "number", "counts")
WINDOW = 60.0
SURPLUS_SHOWN = 10


def opened(
    boot: str, total: int, *, number: int, microseconds: int, first: int, since: float = 0.0,
    counter: str | None = None,
) -> State:  # fmt: skip
    """
    Open new books: what was before is known, and is not told.

    :param number: first record of the kernel log that counts; 0 where only ``microseconds`` tell.
    :param microseconds: age of the kernel from which lines count.
    :param first: number of the first record that will be told. It is made from the clock, so that
        a master which remembers older books sees a jump and not repetitions.
    :param since: seconds since 1970 from which messages of the journal count.
    :param counter: which counter it is; ``None`` to learn it with the next reading.
    """
    return {
        "version": VERSION,
        "boot": boot,
        "total": total,
        "counter": counter,
        "line": number,
        "microseconds": microseconds,
        "owed": [],
        "ahead": 0,
        "excused": 0,
        "carry": None,
        "open": None,
        "last": None,
        "held": [],
        "window": [0.0, 0],
        "surplus": None,
        "doubtful": None,
        "marked": None,
        "cursor": None,
        "since": since,
        "number": first,
        "records": [],
        "counts": {"told": 0, "foreign": 0, "ignored": 0, "late": 0},
    }


def rebooted(state: State, boot: str) -> State:
    """Turn the page: the kernel counts and numbers from the start, our own numbers go on."""
    page = opened(boot, 0, number=0, microseconds=0, first=state["number"])
    kept = {name: state[name] for name in ("records", "counts", "cursor", "since")}
    return {**page, **kept}


def count(state: State, total: int, now: float, counter: str | None = None) -> int:
    """
    Take a new reading of the counter.

    What began anew, as the cgroup of a container does with each start, has counted new kills only.
    The value of another kind of counter says nothing about the one before.

    :param now: seconds since boot.
    :param counter: which counter it is.
    :return: kills that nobody has named yet.
    """
    known = state["counter"] or counter
    if _kind(known) != _kind(counter):
        state["total"] = total
    elif known != counter or total < state["total"]:
        state["total"] = state["ahead"] = 0
    state["counter"] = counter
    moved = total - state["total"]
    state["total"] = total
    paid = min(moved, state["ahead"])
    state["ahead"] -= paid
    if moved > paid:
        state["owed"].append([now, moved - paid])
    return owed(state)


def _kind(counter: str | None) -> str:
    return (counter or "").partition(":")[0]


def owed(state: State) -> int:
    """Give the kills that were counted and that no line has named."""
    return sum(amount for _, amount in state["owed"])


def pay(state: State) -> bool:
    """
    Book one line against the oldest debt.

    :return: false when the kill was already told as one of several without a name.
    """
    if state["owed"]:
        oldest = state["owed"][0]
        oldest[1] -= 1
        if oldest[1] == 0:
            state["owed"].pop(0)
    elif state["excused"]:
        state["excused"] -= 1
        state["counts"]["late"] += 1
        return False
    else:
        state["ahead"] += 1
    return True


def overdue(state: State, now: float, within: float) -> int:
    """Write off debts that are older than ``within`` seconds, and say how many."""
    late = sum(amount for since, amount in state["owed"] if now - since >= within)
    state["owed"] = [[since, amount] for since, amount in state["owed"] if now - since < within]
    state["excused"] += late
    return late


def may_tell(state: State, now: float, burst: int, keep: int, place: str) -> bool:
    """
    Tell whether one more kill may be told singly; otherwise it is added to the surplus.

    :param burst: kills told singly within a minute.
    :param keep: records that may wait for the master.
    """
    start, told = state["window"]
    if not start <= now < start + WINDOW:
        start, told = now, 0
    if told < burst and len(state["records"]) < keep:
        state["window"] = [start, told + 1]
        return True
    state["window"] = [start, told]
    surplus = state["surplus"] or {"since": now, "count": 0, "places": {}}
    surplus["count"] += 1
    places = surplus["places"]
    if place in places or len(places) < 1000:
        places[place] = places.get(place, 0) + 1
    state["surplus"] = surplus
    return False


def take_surplus(state: State, now: float, keep: int) -> tuple[int, list[str]]:
    """
    Give what was not told singly, once its minute is over and there is room for the record.

    :return: how many, and the places with the most of them, as ``place count``.
    """
    surplus = state["surplus"]
    if not surplus or 0 <= now - surplus["since"] < WINDOW or len(state["records"]) > keep:
        return 0, []
    state["surplus"] = None
    ranked = sorted(surplus["places"].items(), key=lambda item: (-item[1], item[0]))
    return surplus["count"], [f"{place} {amount}" for place, amount in ranked[:SURPLUS_SHOWN]]


def doubt(state: State, now: float) -> None:
    """Count a kill that may be another node's: no line says whose, and the counter is shared."""
    since, count = state["doubtful"] or (now, 0)
    state["doubtful"] = [since, count + 1]


def take_doubtful(state: State, now: float) -> int:
    """Give how many such kills there were, once a minute."""
    if not state["doubtful"] or 0 <= now - state["doubtful"][0] < WINDOW:
        return 0
    count = int(state["doubtful"][1])
    state["doubtful"] = None
    return count
