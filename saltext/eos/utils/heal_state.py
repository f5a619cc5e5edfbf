"""
What the healer knows: plain values in memory, each change of which is noted for the store.

Times are the healer's own seconds (heal_clock). Two realms are kept apart: ``act`` for what was
done, ``would`` for what modes observe and warn only said, so that turning on enforce begins free.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from saltext.eos.utils import heal_budget as budget

ACT, WOULD = "act", "would"
DEEDS = ("apply", "evaluate", "deregister", "resync", "unseal")
DEBOUNCING, WAITING, DECIDED, ACTING = "debouncing", "waiting", "decided", "acting"
WATCHING, HELD, CLOSED = "watching", "held", "closed"
FREEZE, SUSPEND, HOLD, SUSPECT, CONTENDED = "freeze", "suspend", "hold", "suspect", "contended"
OPEN_STATES = ("decided", "claimed")
MOST_EVENTS = 20
# Names that say which thing something is about; stack and policy are about many.
THINGS = ("job:", "service:", "component:")
# Acts that need no component named are done to one all the same: its mode and its stops hold.
DONE_TO = {"unseal": "vault", "deregister": "consul", "resync": "consul"}


@dataclass(slots=True)
class Incident:
    """
    Facts about one thing that one policy is for, from the first until nothing is wrong.

    :param opened: when its first fact came here; ``last`` when its latest did.
    :param occurred: when its first fact occurred; ``latest`` when its latest did. Facts are told
        once they have settled, so that is earlier.
    :param leave: for which facts it was opened, where only a fact gives leave to act.
    :param late: how long before it came here its newest fact had occurred, in seconds.
    """

    id: str
    policy: str
    key: str
    cluster: str
    subject: dict[str, Any]
    names: tuple[str, ...]
    thing: str
    opened: float
    last: float
    due: float
    state: str = DEBOUNCING
    why: str = ""
    says: str = ""
    count: int = 1
    events: list[str] = field(default_factory=list)
    occurred: float = 0.0
    latest: float = 0.0
    late: float = 0.0
    leave: str = ""


@dataclass(slots=True)
class Decision:
    """What is to be done once, until when, and what became of it."""

    id: str
    incident: str
    action: str
    thing: str
    subject: dict[str, Any]
    names: tuple[str, ...]
    input_hash: str
    created: float
    expires: float
    state: str
    epoch: int = 0
    fired: int = 0
    fired_at: float = 0.0
    ended: float = 0.0
    value: str | None = None
    claim: dict[str, Any] | None = None
    checks: list[dict[str, str]] = field(default_factory=list)
    result: dict[str, Any] | None = None


class Rule(NamedTuple):
    """
    What a person, or a policy, says about healing.

    :param what: one of the names of an incident, such as ``stack``, ``job:web`` or ``node:n1``.
    :param until: when it ends; None until it is taken back.
    :param input: the one input it is for; empty for all.
    """

    kind: str
    what: str
    reason: str
    by: str
    at: float
    until: float | None = None
    input: str = ""


class Thing(NamedTuple):
    """
    One thing as its owner shows it now; None wherever the owner does not say.

    :param wrong: the fault is there.
    :param layer: how far the layer below is: ``progress``, ``settled``, ``exhausted``, ``failed``.
    :param left: seconds after which it is further by the clock alone.
    :param input: hash of what would be acted upon, such as of the specification.
    :param value: what the field holds now, as a hash, where it is a field with writers.
    :param writer: who wrote it.
    :param kind: class of the component.
    :param hook: what the policy's hook says.
    :param names: by which people speak of it, where its owner alone knows them: its job, its unit.
    :param says: what a note tells of it besides its fact.
    """

    wrong: bool | None = None
    layer: str | None = None
    input: str | None = None
    value: str | None = None
    writer: str | None = None
    kind: str | None = None
    hook: bool | None = None
    names: tuple[str, ...] = ()
    says: str = ""
    left: float | None = None


class View(NamedTuple):
    """
    The whole truth for one incident, read at a moment.

    :param at: moment at which its oldest part was read.
    :param blocked: the source that did not answer wholly; empty when all did.
    :param managed: jobs that are managed.
    :param unhealthy: of them those that are not healthy.
    :param red: a core dependency that is down; empty without one.
    """

    at: float
    blocked: str
    managed: int
    unhealthy: int
    red: str
    thing: Thing


@dataclass
class State:
    """Everything that has to outlive a crash, and what of it is not written yet."""

    row: int = 0
    epoch: int = 0
    inbox: dict[str, Any] = field(default_factory=dict)
    """Which inbox ``row`` is a row of: see heal_inbox."""
    lease: float | None = None
    """Moment up to which this master may act; None where it is the only one."""
    healers: list[str] = field(default_factory=list)
    """Nodes of the masters that the compiled stack lets heal."""
    only: str | None = None
    """The one node that is acted upon; None for all."""
    judged: float = 0.0
    """Moment at which what is due was last judged."""
    locked: str = ""
    """Who holds the stack lock, in words; empty while it is free."""
    incidents: dict[str, Incident] = field(default_factory=dict)
    """Open ones by key."""
    decisions: dict[str, Decision] = field(default_factory=dict)
    keys: dict[str, budget.Key] = field(default_factory=dict)
    flips: dict[str, list[tuple[float, str, str]]] = field(default_factory=dict)
    """For a thing what was repaired when: moment, the wrong value, its writer."""
    buckets: dict[str, budget.Bucket] = field(default_factory=dict)
    touched: dict[str, dict[str, float]] = field(default_factory=dict)
    """For a realm when each job was last acted upon."""
    rules: dict[tuple[str, str, str], Rule] = field(default_factory=dict)
    """By kind, what and input: what a person holds stands beside one input that the healer does."""
    counts: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    recent: dict[str, None] = field(default_factory=dict)
    """Ids of facts that came lately; the inbox has each once, this is for its loss."""
    dirty: dict[str, dict[Any, None]] = field(default_factory=dict)
    closed: list[Incident] = field(default_factory=list)
    lines: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def mark(self, table: str, *keys: Any) -> None:
        """Note that rows have changed."""
        self.dirty.setdefault(table, {}).update(dict.fromkeys(keys))

    def line(self, kind: str, now: float, **body: Any) -> None:
        """Add a line to the audit."""
        self.lines.append((kind, {"t": now, **body}))

    def put_rule(self, rule: Rule) -> None:
        """Let a rule hold, in place of one of its kind about the same and the same input."""
        self.rules[rule.kind, rule.what, rule.input] = rule
        self.mark("rules", (rule.kind, rule.what, rule.input))
        body = rule._asdict()
        self.line("rule", rule.at, rule=body.pop("kind"), **body)

    def drop_rule(self, rule: Rule, now: float, by: str) -> None:
        """Take a rule back."""
        del self.rules[rule.kind, rule.what, rule.input]
        self.mark("rules", (rule.kind, rule.what, rule.input))
        self.line("rule_ended", now, rule=rule.kind, what=rule.what, input=rule.input, by=by)

    def rule(
        self, kinds: Iterable[str], names: Iterable[str], now: float, input_: str = ""
    ) -> Rule | None:
        """Give the first rule of these kinds that holds for one of these names and this input."""
        names = [*names]
        for kind in kinds:
            for name in names:
                for about in dict.fromkeys(("", input_)):
                    found = self.rules.get((kind, name, about))
                    if found is not None and (found.until is None or now < found.until):
                        return found
        return None

    def bucket(self, realm: str) -> budget.Bucket:
        """Give the tokens of a realm; a new one has none, so that a lost file frees nothing."""
        return self.buckets.get(realm, budget.Bucket(0.0, 0.0))

    def key(self, realm: str, thing: str) -> budget.Key:
        """Give what was done about a thing."""
        return self.keys.get(f"{realm}:{thing}", budget.Key())

    def set_key(self, realm: str, thing: str, key: budget.Key) -> None:
        """Note what was done about a thing; nothing known needs no row."""
        name = f"{realm}:{thing}"
        if self.keys.get(name, budget.Key()) == key:
            return
        if key._replace(healthy_since=None) == budget.Key():
            self.keys.pop(name, None)
        else:
            self.keys[name] = key
        self.mark("keys", name)


def names(policy_name: str, policy: Mapping[str, Any], subject: Mapping[str, Any]) -> list[str]:
    """Give every name by which people may speak of an incident, from the narrowest on."""
    leaves = {at.partition(".")[2]: str(value) for at, value in subject.items()}
    found = []
    if job := leaves.get("job"):
        if space := leaves.get("namespace"):
            found.append(f"job:{job}@{space}")
        found.append(f"job:{job}")
    if service := leaves.get("service"):
        found.append(f"service:{service}")
    if source := leaves.get("source"):
        found.append(f"source:{source}")
    if unit := leaves.get("unit"):
        found.append(f"unit:{unit}")
    if component := done_to(policy["act"], subject):
        found.append(f"component:{component}")
    found.extend(f"node:{leaves[leaf]}" for leaf in ("node", "minion") if leaf in leaves)
    return [*found, f"policy:{policy_name}", "stack"]


def component_of(act: Mapping[str, Any], subject: Mapping[str, Any]) -> str | None:
    """
    Give the component that an act is done to: its own, or the one that a leaf of the key names.

    A fact cannot choose freely: a name that the act is not for is that of no component.
    """
    if "component_of" not in act:
        return act.get("component")
    named_: Any = subject.get(act["component_of"])
    return named_ if named_ in act["components"] else None


def done_to(act: Mapping[str, Any], subject: Mapping[str, Any]) -> str | None:
    """Give the component that an act is done to, also where it needs none named."""
    return component_of(act, subject) or DONE_TO.get(act["do"])


def with_names(held: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    """Put the names that a thing's owner tells before those that its key tells."""
    return tuple(dict.fromkeys([*more, *held]))


def renamed(
    table: Mapping[str, Mapping[str, Any]], held: Iterable[str], subject: Mapping[str, Any]
) -> tuple[str, ...]:
    """Give the names by which people speak of something now, with those that its owner told."""
    held = tuple(held)
    name = named(held, "policy:")
    if name is None or name not in table:
        return held
    told = (one for one in held if one.startswith(("job:", "unit:")))
    return with_names(told, names(name, table[name], subject))


def acted_on(act: Mapping[str, Any], subject: Mapping[str, Any]) -> dict[str, Any]:
    """Give the leaves that name what an act touches: many incidents may be about one unit."""
    wanted = {"apply": ("node", "minion"), "evaluate": ("job", "namespace")}.get(act["do"])
    if wanted is None:
        # A registration is the same whatever its service is called.
        return {at: value for at, value in subject.items() if at != "subject.service"}
    leaves = {at.partition(".")[2]: value for at, value in subject.items()}
    return {leaf: leaves[leaf] for leaf in wanted if leaf in leaves}


def leaves_of(subject: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the subject of a decision says of its thing, without the act and the cluster."""
    return {at: value for at, value in subject.items() if "." in at}


def counted_as(names_: Iterable[str]) -> str | None:
    """Give the job of an incident as those that were touched are counted: ``web@default``."""
    return next((one.removeprefix("job:") for one in names_ if one.startswith("job:")), None)


def named(names_: Iterable[str], prefix: str) -> str | None:
    """Give the broadest name of one sort without its prefix, such as the job of an incident."""
    found = [name for name in names_ if name.startswith(prefix)]
    return found[-1].removeprefix(prefix) if found else None
