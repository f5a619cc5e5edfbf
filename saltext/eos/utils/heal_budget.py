"""
How often the healer may act: pure rules over plain values, so that they can be proved.

The bounds that hold for every history: acts of the stack up to T are at most
``size + T / every``; acts on one key keep the pauses of :class:`Key`; nothing acts again on an
unchanged input beyond ``attempts`` but one probe each time the breaker has waited.
"""

from __future__ import annotations

from typing import NamedTuple

CLOSED, OPEN, PROBING = "closed", "open", "probing"


class Bucket(NamedTuple):
    """Tokens of the whole stack, as they were at a moment."""

    tokens: float
    at: float


class Pace(NamedTuple):
    """
    The limits of one key; times in seconds.

    :param attempts: acts on an unchanged input before the breaker opens.
    :param cool_first: pause after the first act; it doubles with each, up to ``cool_most``.
    :param stable: time of health without a break after which all is forgotten.
    :param open_first: how long the breaker waits before its first probe; it doubles with each probe
        that did not help, up to ``open_most``.
    """

    attempts: int = 3
    cool_first: float = 60.0
    cool_most: float = 4 * 3600.0
    stable: float = 3600.0
    open_first: float = 3600.0
    open_most: float = 12 * 3600.0


class Key(NamedTuple):
    """What was done about one thing, and when something may be done again."""

    input: str = ""
    attempts: int = 0
    cool_step: int = 0
    cool_until: float = 0.0
    breaker: str = CLOSED
    breaker_until: float = 0.0
    breaker_for: float = 0.0
    healthy_since: float | None = None


def filled(bucket: Bucket, now: float, size: int, every: float) -> Bucket:
    """
    Let the tokens come that came by now; time that ran back brings none.

    :param size: most tokens.
    :param every: seconds for one token.
    """
    passed = max(0.0, now - bucket.at)
    return Bucket(min(float(size), bucket.tokens + passed / every), max(now, bucket.at))


def taken(bucket: Bucket, now: float, size: int, every: float) -> Bucket | None:
    """Take one token; None when there is no whole one."""
    full = filled(bucket, now, size, every)
    return full._replace(tokens=full.tokens - 1.0) if full.tokens >= 1.0 else None


def next_token(bucket: Bucket, now: float, size: int, every: float) -> float:
    """Say when there is a whole token: now, or later."""
    full = filled(bucket, now, size, every)
    return now + max(0.0, 1.0 - full.tokens) * every


def rested(key: Key, now: float, pace: Pace) -> Key:
    """Forget everything about a thing that has been healthy for long enough."""
    since = key.healthy_since
    if since is None or now - since < pace.stable:
        return key
    return Key(healthy_since=since)


def seen(key: Key, healthy: bool, now: float, pace: Pace) -> Key:
    """Note whether the thing is healthy; one success alone resets nothing."""
    if not healthy:
        return rested(key, now, pace)._replace(healthy_since=None)
    if key.healthy_since is None:
        return key._replace(healthy_since=now)
    return rested(key, now, pace)


def wait(key: Key, input_: str, now: float) -> tuple[str, float] | None:
    """
    Say what an act on this thing waits for, and until when; None when it may come now.

    :param input_: what would be acted upon, as a hash: a change of it is a new cause to try.
    """
    if now < key.cool_until:
        return "cool_down", key.cool_until
    if key.input != input_ or key.breaker == CLOSED:
        return None
    if now < key.breaker_until:
        return "breaker", key.breaker_until
    return None


def acted(key: Key, input_: str, now: float, pace: Pace) -> Key:
    """Book an act: its pause begins, and after the last attempt or a probe the breaker opens."""
    is_new = key.input != input_
    attempts = 1 if is_new else key.attempts + 1
    pause = min(pace.cool_first * 2.0**key.cool_step, pace.cool_most)
    cooled = key._replace(
        input=input_, attempts=attempts, cool_step=min(key.cool_step + 1, 60),
        cool_until=now + pause, healthy_since=None,
    )  # fmt: skip
    if attempts < pace.attempts:
        return cooled._replace(breaker=CLOSED, breaker_until=0.0, breaker_for=0.0)
    is_first = is_new or key.breaker == CLOSED
    waits = pace.open_first if is_first else min(key.breaker_for * 2.0, pace.open_most)
    return cooled._replace(breaker=OPEN, breaker_until=now + waits, breaker_for=waits)


def given_back(key: Key, open_first: float, now: float) -> Key:
    """
    Take back an act that was booked and never begun; its pause stays, and the next is longer.

    Only an hour of health makes pauses short again, so that what is decided and given back again
    and again leaves the tokens of the stack to others.

    :param open_first: how long a breaker waits that has just opened.
    """
    back = key._replace(attempts=max(0, key.attempts - 1))
    if key.breaker == CLOSED or key.breaker_for <= open_first:
        return back._replace(breaker=CLOSED, breaker_until=0.0, breaker_for=0.0)
    return back._replace(breaker_until=now, breaker_for=key.breaker_for / 2.0)


def closed(key: Key) -> Key:
    """Close the breaker by the word of a person; the pause after the last act stays."""
    return key._replace(attempts=0, breaker=CLOSED, breaker_until=0.0, breaker_for=0.0)


def shown(key: Key, input_: str, now: float) -> str:
    """Name the breaker as a person sees it: an open one that has waited lets one probe through."""
    if key.input != input_ or key.breaker == CLOSED:
        return CLOSED
    return PROBING if now >= key.breaker_until else OPEN


def reach(managed: int, share: float) -> int:
    """
    Say how many things may be touched within the hour of the blast radius: never less than one.

    :param managed: how many there are.
    :param share: percent of them.
    """
    return max(1, int(managed * share / 100.0))
