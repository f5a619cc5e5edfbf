"""What the healer did in a span, as its audit has it: decisions, notes, results, people's rules."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from saltext.eos.utils import heal_act, heal_audit
from saltext.eos.utils import heal_budget as budget
from saltext.eos.utils.heal_state import Rule, counted_as

KINDS = ("decided", "would", "note")
# What was read for a decision is true around it: so many seconds before it, and after it.
BEFORE, AFTER = 5.0, 2.0
MOST_WAITS = 8
MOST_INCIDENTS = 20_000


class Made(NamedTuple):
    """
    One decision or note, of the past or of a trial.

    :param at: seconds since 1970.
    :param kind: ``decided``, ``would`` or ``note``.
    :param prefix: names the incident's thing; the same in the past and in a trial.
    :param rests: in a trial what of it rests on a reconstruction, a sentence each.
    """

    at: float
    kind: str
    policy: str
    action: str
    prefix: str
    place: str
    decision: str = ""
    thing: str = ""
    input: str = ""
    managed: int = 0
    unhealthy: int = 0
    tokens: float = 0.0
    rests: tuple[str, ...] = ()
    job: str = ""


class Result(NamedTuple):
    """
    How a decision went on: seconds after it, and what came of it; None where nothing did.

    :param begun: it came to its act.
    :param back: it did not, and that was no attempt.
    """

    claimed: float | None
    ended: float | None
    ok: bool
    says: str
    begun: bool = True
    back: bool = False


class Said(NamedTuple):
    """
    What people, or the healer for them, said about healing at a moment.

    :param input: of the rule that ended; None where the audit is too old to tell it.
    """

    at: float
    kind: str
    what: str
    rule: Rule | None
    lasts: float | None
    input: str | None = None


def prefix_of(incident: str) -> str:
    """Give the part of an incident's id that is the same each time it is about the same thing."""
    return incident.rpartition("-")[0]


class Past:
    """
    The audit of a span and, for budgets, of the time before it.

    :param lines: all of it, oldest first.
    :param begin: start of the trial, in seconds since 1970.
    :param end: its end.
    :param counts_from: what comes before is not counted.
    """

    def __init__(
        self, lines: Iterable[heal_audit.Line], begin: float, end: float,
        counts_from: float = 0.0,
    ) -> None:  # fmt: skip
        self._counts_from = counts_from
        self.made: list[Made] = []
        self.said: list[Said] = []
        self.waits: dict[str, list[tuple[float, str]]] = {}
        self.first: float | None = None
        self.zero: float | None = None
        self.last: float | None = None
        self.checks: dict[str, int] = {}
        self.modes: dict[str, int] = {}
        self.buckets: set[tuple[int, float]] = set()
        self._ends: dict[str, list[tuple[float, str]]] = {}
        self._results: dict[str, dict[str, Any]] = {}
        self._tokens: dict[str, budget.Bucket] = {}
        for line in lines:
            if line.at > end:
                break
            self._take(line, begin)
        self._by: dict[str, list[Made]] = {}
        self._inputs: dict[str, list[Made]] = {}
        self.made.sort(key=lambda one: one.at)
        for one in self.made:
            self._by.setdefault(one.prefix, []).append(one)
        for one in self.made:
            if one.kind != "note":
                self._inputs.setdefault(one.prefix, []).append(one)
                self._inputs.setdefault(one.thing, []).append(one)
        self._counted = [one for one in self.made if one.managed]

    def _take(self, line: heal_audit.Line, begin: float) -> None:
        at, kind, body = line.at, line.kind, line.body
        if self.first is None:
            self.first, self.zero = at, at - body["t"]
        self.last = at
        if kind in ("rule", "rule_ended"):
            self._rule(at, kind, body)
        elif at < begin:
            if kind in ("decided", "would"):
                self._tokens[body["realm"]] = budget.Bucket(float(body["tokens"]), at)
        elif kind in KINDS:
            self.made.append(made(at, kind, body))
            if kind != "note" and at >= self._counts_from:
                self.modes[body["mode"]] = self.modes.get(body["mode"], 0) + 1
                self.buckets.add((int(body["size"]), float(body["every"])))
        elif kind in ("claimed", "result", "expired", "given_back"):
            held = self._results.setdefault(body["decision"], {})
            begun = body.get("begun") is not False
            held[kind] = (at, body.get("ok", False), body.get("says", ""), begun)
        elif kind in ("waits", "refused"):
            last = body["checks"][-1]
            if at >= self._counts_from:
                self.checks[last["name"]] = self.checks.get(last["name"], 0) + 1
            self._story(body["incident"], at, f"{last['name']}: {last['says']}")
        elif kind == "closed":
            self._story(body["incident"], at, f"closed: {body['why']}")
            ends = self._ends.setdefault(prefix_of(body["incident"]), [])
            ends.append((at, body["why"]))

    def _story(self, incident: str, at: float, says: str) -> None:
        story(self.waits, prefix_of(incident), at, says)

    def _rule(self, at: float, kind: str, body: Mapping[str, Any]) -> None:
        name, what, by = body["rule"], body["what"], body["by"]
        if kind == "rule_ended":
            if by not in ("its end", heal_act.HEALER):
                self.said.append(Said(at, name, what, None, None, body.get("input")))
            return
        if by == heal_act.HEALER:
            return
        lasts = None if body["until"] is None else float(body["until"]) - float(body["at"])
        rule = Rule(name, what, body["reason"], by, 0.0, None, body.get("input", ""))
        self.said.append(Said(at, name, what, rule, lasts))

    def bucket(self, realm: str) -> budget.Bucket | None:
        """Give the tokens of a realm before the trial; None when the audit does not tell."""
        if realm in self._tokens:
            return self._tokens[realm]
        return None if self.zero is None else budget.Bucket(0.0, self.zero)

    def around(self, prefix: str, at: float, within: float) -> list[Made]:
        """Give what was made about a thing within so many seconds of a moment, nearest first."""
        found = [one for one in self._by.get(prefix, ()) if abs(one.at - at) <= within]
        return sorted(found, key=lambda one: abs(one.at - at))

    def result(self, one: Made) -> Result:
        """Tell how a decision of the past went on."""
        held = self._results.get(one.decision, {})
        claimed, ended = held.get("claimed"), held.get("result") or held.get("expired")
        return Result(
            claimed[0] - one.at if claimed else None, ended[0] - one.at if ended else None,
            bool(ended and ended[1]), str(ended[2]) if ended else "",
            bool(ended is None or ended[3]), "given_back" in held,
        )  # fmt: skip

    def about(self, prefix: str, name: str, at: float) -> dict[str, Any]:
        """
        Give what the audit tells of a thing about a moment.

        :param name: prefix or thing under which inputs are compared.
        :return: ``inputs``, the last before and the first after, each with its seconds from here;
            ``managed``, ``unhealthy`` and ``job`` of the nearest decision; ``passed`` when one was
            made just then, so that its checks had passed; ``ended`` with the words of its end.
        """
        found: dict[str, Any] = {"inputs": self._around_input(name, at)}
        nearest = _nearest(self._by.get(prefix, []), at)
        if nearest is not None:
            found["passed"] = -AFTER <= nearest.at - at <= BEFORE
            found["unhealthy"] = nearest.unhealthy if nearest.managed else None
            found["job"] = nearest.job
        counted = nearest if nearest is not None and nearest.managed else None
        counted = counted or _nearest(self._counted, at)
        found["managed"] = 0 if counted is None else counted.managed
        for moment, why in self._ends.get(prefix, ()):
            if -AFTER <= moment - at <= BEFORE and not why.startswith("noted:"):
                found["ended"] = why
        return found

    def _around_input(self, name: str, at: float) -> list[tuple[float, str] | None]:
        held = self._inputs.get(name, [])
        index = bisect_left(held, at + BEFORE, key=lambda one: one.at)
        pair = [held[one] if 0 <= one < len(held) else None for one in (index - 1, index)]
        return [None if one is None else (one.at - at, one.input) for one in pair]

    def moments(self) -> list[tuple[float, str, str]]:
        """Give when a view was read for what: moment, prefix, and the words of an end."""
        found = [(one.at, one.prefix, "") for one in self.made]
        found += [(at, name, why) for name, ends in self._ends.items() for at, why in ends]
        return sorted(found)


def made(at: float, kind: str, body: Mapping[str, Any], rests: tuple[str, ...] = ()) -> Made:
    """Read a line of the audit that says what was decided or noted."""
    incident = prefix_of(body["incident"])
    if kind == "note":
        return Made(at, kind, body["policy"], body["do"], incident, body["what"], rests=rests)
    return Made(
        at, kind, body["policy"], body["action"], incident, body["place"], body["decision"],
        body["thing"], body["input"], int(body["managed"]) if body.get("job") else 0,
        int(body["unhealthy"]), float(body["tokens"]), rests,
        counted_as(body.get("names") or ()) or str(body.get("job") or ""),
    )  # fmt: skip


def story(held: dict[str, list[tuple[float, str]]], prefix: str, at: float, says: str) -> None:
    """Keep the last of what an incident waited for; the oldest incident is forgotten first."""
    lines = held.pop(prefix, [])
    held[prefix] = [*lines[1 - MOST_WAITS :], (at, says)]
    if len(held) > MOST_INCIDENTS:
        del held[next(iter(held))]


def _nearest(held: list[Made], at: float) -> Made | None:
    if not held:
        return None
    index = bisect_left(held, at, key=lambda one: one.at)
    return min(held[max(0, index - 1) : index + 1], key=lambda one: abs(one.at - at))
