"""
Whether an audit keeps every bound of healing, judged from its lines alone.

It shares no code with the healer: the rules stand here a second time, as an outsider reads them.
The lines of a run in the lab can be given to it as well.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

CHECKS = [
    "dedupe", "debounce", "own", "complete", "layer_below", "still_wrong", "required", "frozen",
    "suspended", "mode", "mass_failure", "contended", "breaker", "cool_down", "attempts", "blast",
    "bucket",
]  # fmt: skip
SLACK = 1e-6
BLOCKS = ("freeze", "suspend", "hold")


def broken(lines: list[tuple[str, dict[str, Any]]], *, kind: str = "decided") -> list[str]:
    """
    Give every breach, in words; none is what is hoped for.

    :param lines: kind and body of each line, oldest first.
    :param kind: ``decided`` for what was done, ``would`` for what was only said.
    """
    checker = _Checker()
    heard = ("rule", "rule_ended", "rested", "given_back", "breaker_closed")
    if kind == "decided":
        heard = (*heard, "claimed", "result", "expired", "touched")
    for name, body in lines:
        if body["t"] < checker.clock - SLACK:
            checker.say(body, f"time ran back from {checker.clock}")
        checker.clock = max(checker.clock, body["t"])
        if name == kind:
            checker.act(body, is_done=kind == "decided")
        elif name in heard:
            getattr(checker, name)(body)
    return checker.found


class _Act(NamedTuple):
    """One act on a thing; what was given back was no attempt, but the pause after it stays."""

    at: float
    decision: str
    input: str
    is_back: bool = False


class _Checker:
    def __init__(self) -> None:
        self.found: list[str] = []
        self.clock = 0.0
        self.tokens: float | None = None
        self.token_at = 0.0
        self.runs: dict[str, list[_Act]] = defaultdict(list)
        self.jobs: list[tuple[float, str]] = []
        self.rules: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.under_way: dict[str, float] = {}
        self.claims: set[str] = set()
        self.names: set[str] = set()

    def say(self, body: dict[str, Any], words: str) -> None:
        self.found.append(f"t={body['t']:.1f}: {words}")

    def rule(self, body: dict[str, Any]) -> None:
        self.rules[body["rule"], body["what"], body["input"]] = body

    def rule_ended(self, body: dict[str, Any]) -> None:
        self.rules.pop((body["rule"], body["what"], body["input"]), None)

    def claimed(self, body: dict[str, Any]) -> None:
        if body["decision"] in self.claims or body["decision"] not in self.under_way:
            self.say(body, f"decision {body['decision']} was claimed twice or never decided")
        self.claims.add(body["decision"])

    def result(self, body: dict[str, Any]) -> None:
        if body["decision"] not in self.claims:
            self.say(body, f"decision {body['decision']} has a result without a claim")
        self.under_way.pop(body["decision"], None)

    def expired(self, body: dict[str, Any]) -> None:
        self.under_way.pop(body["decision"], None)

    def rested(self, body: dict[str, Any]) -> None:
        run = self.runs[body["realm"] + body["thing"]]
        if run and body["t"] - run[-1].at < 3600.0 - SLACK:
            self.say(body, f"{body['thing'][:8]} was forgotten within the hour of its last act")
        run.clear()

    def given_back(self, body: dict[str, Any]) -> None:
        run = self.runs[body["realm"] + body["thing"]]
        if body["decision"] not in self.claims or body["decision"] not in [x.decision for x in run]:
            self.say(body, f"decision {body['decision']} was given back, and never claimed")
        run[:] = [x._replace(is_back=x.is_back or x.decision == body["decision"]) for x in run]

    def breaker_closed(self, body: dict[str, Any]) -> None:
        """Count anew by the word of a person; the pauses stay."""
        run = self.runs[body["realm"] + body["thing"]]
        run[:] = [one._replace(is_back=True) for one in run]

    def act(self, body: dict[str, Any], *, is_done: bool) -> None:
        now, pace = body["t"], body["pace"]
        if body["decision"] in self.names:
            self.say(body, "one id for two decisions")
        self.names.add(body["decision"])
        if [one["name"] for one in body["checks"]] != CHECKS:
            self.say(body, "the checks are not all of them, in their order")
        if any(one["result"] != "passed" for one in body["checks"]):
            self.say(body, "acted though a check did not pass")
        if (body["mode"] == "enforce") is not is_done:
            self.say(body, f"mode {body['mode']} does not go with it")
        if is_done:
            if self.under_way:
                self.say(body, "two acts under way")
            self.under_way[body["decision"]] = now
        self._bucket(body, now)
        self._run(body, now, pace)
        # The narrowest name comes first: a job of another namespace is another job.
        self._blast(body, [one for one in body["names"] if one.startswith("job:")][:1])
        self._ruled(body, now)
        if body["job"] is not None and not (
            body["managed"] > 0
            and 100.0 * body["unhealthy"] <= body["mass_failure"] * body["managed"] + SLACK
        ):
            self.say(body, f"acted while {body['unhealthy']} of {body['managed']} were unhealthy")

    def _bucket(self, body: dict[str, Any], now: float) -> None:
        size, every = body["size"], body["every"]
        held = size if self.tokens is None else self.tokens
        held = min(size, held + (now - self.token_at) / every)
        if held < 1.0 - SLACK:
            self.say(body, f"acted on {held:.3f} of a token")
        self.tokens, self.token_at = held - 1.0, now

    def _run(self, body: dict[str, Any], now: float, pace: dict[str, Any]) -> None:
        run = self.runs[body["realm"] + body["thing"]]
        if run:
            gap = now - run[-1].at
            cool = min(pace["cool_first"] * 2.0 ** (len(run) - 1), pace["cool_most"])
            if gap < cool - SLACK:
                self.say(body, f"{gap:.1f} s after the last act on it; expected {cool:.1f}")
        same: list[float] = []
        for one in reversed(run):
            if one.input != body["input"]:
                break
            same += [] if one.is_back else [one.at]
        if len(same) >= pace["attempts"]:
            over = len(same) - pace["attempts"]
            waits = min(pace["open_first"] * 2.0**over, pace["open_most"])
            if now - same[0] < waits - SLACK:
                self.say(body, f"act {len(same) + 1} on one input without {waits:.0f} s of breaker")
        run.append(_Act(now, body["decision"], body["input"]))

    def touched(self, body: dict[str, Any]) -> None:
        if body["decision"] not in self.claims:
            self.say(body, f"decision {body['decision']} touched jobs, and was never claimed")
        self._blast(body, body["jobs"])

    def _blast(self, body: dict[str, Any], jobs: list[str]) -> None:
        if not jobs:
            return
        now = body["t"]
        self.jobs += [(now, job.removeprefix("job:")) for job in jobs]
        lately = {job for at, job in self.jobs if at > now - body["blast_within"] + SLACK}
        most = max(1, int(body["managed"] * body["blast_share"] / 100.0))
        if len(lately) > most:
            self.say(body, f"{len(lately)} jobs touched within the hour; expected {most}")

    def _ruled(self, body: dict[str, Any], now: float) -> None:
        for (kind, what, _), rule in self.rules.items():
            if rule["until"] is not None and rule["until"] <= now:
                continue
            is_meant = what in body["names"] and rule["input"] in ("", body["input"])
            if (kind in BLOCKS and is_meant) or (kind == "contended" and what == body["thing"]):
                self.say(body, f"acted while {what} was under {kind}")
