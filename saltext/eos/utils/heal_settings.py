"""What people may set about healing: pillar ``eos:heal``, read strictly; what is unset is safe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from saltext.eos.utils import heal_budget as budget
from saltext.eos.utils import heal_notify_settings, measures
from saltext.eos.utils.validate import Finding, nearest, show

MODES = ("observe", "warn", "enforce")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 86_400
# An apply may take ten minutes, behind one that does; shorter waits for others change nothing here.
LONGEST_ACT = 1_200.0


LIMITS = (
    "debounce_least", "debounce_most", "healer_wait", "decision_valid", "decision_refire", "look",
    "fresh", "unknown_for", "watch_every", "own_window", "flips", "contended_within",
)  # fmt: skip


class Window(NamedTuple):
    """
    A time of the week in UTC in which healing is allowed, or denied; deny beats allow.

    :param days: 0 for Monday.
    :param opens: seconds after midnight.
    :param lasts: seconds.
    """

    name: str
    allows: bool
    days: frozenset[int]
    opens: float
    lasts: float

    def is_open(self, wall: float) -> bool:
        """Tell whether it is open; ``wall`` in seconds since 1970, which was a Thursday."""
        for back in range(int(self.lasts // DAY) + 2):
            day = int(wall // DAY) - back
            if (day + 3) % 7 in self.days and 0 <= wall - day * DAY - self.opens < self.lasts:
                return True
        return False


class Settings(NamedTuple):
    """
    All of it; times in seconds, shares in percent.

    :param look: how long after a view that did not do the next one is asked for.
    :param fresh: how old a view may be that says something about now.
    :param unknown_for: how long what nobody knows is asked for.
    :param watch_every: how often what was acted on is looked at, until that is forgotten.
    :param own_window: how long after an act a fact about the same thing is taken for its echo.
    :param flips: how often another writer may undo what Eos wrote, within ``contended_within``.
    :param primary: the minion beside the master that acts while nobody can say who holds the lease.
    """

    mode: str = "observe"
    components: Mapping[str, str] = {}
    jobs: Mapping[str, str] = {}
    bucket_size: int = 5
    bucket_every: float = 600.0
    debounce_least: float = 5.0
    debounce_most: float = 20.0
    pace: budget.Pace = budget.Pace()
    blast_share: float = 10.0
    blast_within: float = 3600.0
    mass_failure: float = 40.0
    healer_wait: float = 600.0
    decision_valid: float = 120.0
    decision_refire: int = 3
    look: float = 15.0
    fresh: float = 30.0
    unknown_for: float = 86_400.0
    watch_every: float = 60.0
    own_window: float = 60.0
    flips: int = 2
    contended_within: float = 3600.0
    windows: tuple[Window, ...] = ()
    primary: str | None = None

    @property
    def act_within(self) -> float:
        """How long an act may be under way; also how long what has ended is remembered."""
        return max(LONGEST_ACT, 2.0 * self.healer_wait)

    @property
    def refire_after(self) -> float:
        """After how long a decision is fired again: evenly for as long as it can be claimed."""
        return self.decision_valid / (self.decision_refire + 1)

    @property
    def unseen(self) -> float:
        """After how long without a look nobody knows how a thing was that is watched."""
        return 3.0 * self.watch_every

    def limits(self) -> dict[str, float]:
        """Give the limits that no other part of the audit of a decision tells."""
        return {name: getattr(self, name) for name in LIMITS}

    def mode_of(self, job: str | None, component: str | None) -> str:
        """Give the mode for a thing: what its job and its component say, else the stack's."""
        named = [
            modes[name]
            for modes, name in ((self.jobs, job), (self.components, component))
            if name is not None and name in modes
        ]
        return min(named, key=MODES.index) if named else self.mode


class Refused(ValueError):
    """The pillar says something about healing that cannot be meant; ``finding`` says what."""

    def __init__(self, path: str, expected: str, found: str) -> None:
        self.finding = Finding(("eos", "heal", *path.split(":")), expected, found)
        super().__init__(str(self.finding))


# Pillar path: field of Settings or of Pace, and what it is.
_FIELDS = {
    ("mode",): ("mode", "mode"),
    ("bucket", "size"): ("bucket_size", "count"),
    ("bucket", "every"): ("bucket_every", "time"),
    ("debounce", "least"): ("debounce_least", "time"),
    ("debounce", "most"): ("debounce_most", "time"),
    ("attempts",): ("pace.attempts", "count"),
    ("breaker", "open"): ("pace.open_first", "time"),
    ("breaker", "most"): ("pace.open_most", "time"),
    ("cool_down", "first"): ("pace.cool_first", "time"),
    ("cool_down", "most"): ("pace.cool_most", "time"),
    ("cool_down", "stable"): ("pace.stable", "time"),
    ("blast", "share"): ("blast_share", "share"),
    ("blast", "within"): ("blast_within", "time"),
    ("mass_failure",): ("mass_failure", "share"),
    ("healer_wait",): ("healer_wait", "time"),
    ("decision", "valid"): ("decision_valid", "time"),
    ("decision", "refire"): ("decision_refire", "count"),
    ("own",): ("own_window", "time"),
    ("view", "again"): ("look", "time"),
    ("view", "fresh"): ("fresh", "time"),
    ("view", "unknown"): ("unknown_for", "time"),
    ("view", "watch"): ("watch_every", "time"),
    ("contended", "flips"): ("flips", "count"),
    ("contended", "within"): ("contended_within", "time"),
    ("primary",): ("primary", "name"),
}
_FREE = ("components", "jobs", "windows", "notify", "webhook")


def read(found: Mapping[str, Any] | None) -> Settings:
    """
    Read what pillar ``eos:heal`` says.

    :raises Refused: with the path, what was expected and what was found.
    """
    given = dict(found or {})
    values: dict[str, Any] = {}
    pace: dict[str, Any] = {}
    known = {path[0] for path in _FIELDS}
    for name, held in given.items():
        if name in _FREE:
            continue
        if name not in known:
            every = sorted(known | set(_FREE))
            raise Refused(
                name, f"one of {', '.join(every)}{nearest(name, every)}", "an unknown key"
            )
        leaves: list[tuple[tuple[str, ...], Any]] = [((name,), held)]
        if (name,) not in _FIELDS:
            leaves = [((name, str(key)), value) for key, value in _mapping(name, held).items()]
        for path, value in leaves:
            if path not in _FIELDS:
                here = [at[1] for at in _FIELDS if at[0] == name and len(at) > 1]
                expected = f"one of {', '.join(here)}{nearest(path[-1], here)}"
                raise Refused(":".join(path), expected, "an unknown key")
            field, kind = _FIELDS[path]
            target = pace if field.startswith("pace.") else values
            target[field.removeprefix("pace.")] = _value(":".join(path), kind, value)
    for name in ("components", "jobs"):
        chosen = _mapping(name, given.get(name) or {})
        values[name] = {
            str(key): _value(f"{name}:{key}", "mode", mode) for key, mode in chosen.items()
        }
    windows = _mapping("windows", given.get("windows") or {})
    values["windows"] = tuple(_window(str(key), windows[key]) for key in sorted(windows))
    try:
        heal_notify_settings.read(given.get("notify"), given.get("webhook"))
    except heal_notify_settings.Refused as err:
        place = ":".join(map(str, err.finding.path[2:]))
        raise Refused(place, err.finding.expected, err.finding.found) from err
    return _ordered(Settings(**values, pace=budget.Pace(**pace)))


def _window(name: str, found: Any) -> Window:
    held = _mapping(f"windows:{name}", found)
    path = f"windows:{name}"
    if set(held) - {"kind", "days", "opens", "lasts"}:
        raise Refused(path, "kind, days, opens and lasts", show(dict(held)))
    if held.get("kind") not in ("allow", "deny"):
        raise Refused(f"{path}:kind", "one of allow, deny", show(held.get("kind")))
    days = str(held.get("days", ",".join(DAYS))).replace(" ", "").split(",")
    if set(days) - set(DAYS):
        raise Refused(f"{path}:days", f"some of {', '.join(DAYS)}", show(held.get("days")))
    hours, _, minutes = str(held.get("opens", "")).partition(":")
    if not (hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):
        expected = "a time of UTC as text in quotes, such as '22:30'"
        raise Refused(f"{path}:opens", expected, show(held.get("opens")))
    opens = int(hours) * 3600.0 + int(minutes) * 60.0
    numbers = frozenset(DAYS.index(day) for day in days)
    lasts = _value(f"{path}:lasts", "time", held.get("lasts"))
    return Window(name, held["kind"] == "allow", numbers, opens, min(lasts, 7.0 * DAY))


def _mapping(path: str, found: Any) -> Mapping[Any, Any]:
    if isinstance(found, Mapping):
        return found
    if found == []:
        return {}
    raise Refused(path, "a mapping", show(found))


def _value(path: str, kind: str, found: Any) -> Any:
    if kind == "mode":
        if found in MODES:
            return found
        hint = nearest(found, MODES) if isinstance(found, str) else ""
        raise Refused(path, f"one of {', '.join(MODES)}{hint}", show(found))
    if kind == "count":
        if type(found) is int and found >= 1:
            return found
        raise Refused(path, "a whole number from 1 on", show(found))
    if kind == "share":
        if type(found) in (int, float) and 0 < found <= 100:
            return float(found)
        raise Refused(path, "percent above 0 up to 100", show(found))
    if kind == "name":
        if isinstance(found, str) and found:
            return found
        raise Refused(path, "the id of a minion beside a Salt master", show(found))
    try:
        seconds = measures.duration(found)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError):
        seconds = 0.0
    if seconds <= 0:
        raise Refused(path, "a time such as '10m'", show(found))
    return seconds


def _ordered(settings: Settings) -> Settings:
    """Refuse a first step that is longer than the longest."""
    pace = settings.pace
    for path, first, most in (
        ("debounce:least", settings.debounce_least, settings.debounce_most),
        ("breaker:open", pace.open_first, pace.open_most),
        ("cool_down:first", pace.cool_first, pace.cool_most),
    ):
        if first > most:
            name = path.partition(":")[0]
            raise Refused(path, f"no more than eos:heal:{name}:most, {most:g} s", f"{first:g} s")
    return settings
