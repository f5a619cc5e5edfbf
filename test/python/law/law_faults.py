"""What is harmed, where, and what must hold of whatever a state says of it afterwards."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from fault_proxy import FAULTS, Proxy, Request
from law_secrets import content
from law_tables import keys_of, spec_of

PLACES = ("first read", "write", "re-read")
READS = ("GET", "LIST")
ASKS = ("/v1/jobs/parse",)
TRIES = 3
"""How often the client asks one question, and how often a state decides anew after a conflict."""
SEED = "2026-11-22"
SURE = ("400", "403", "404", "409", "412", "429")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Case:
    """
    A state that has something to do.

    :param prepare: puts the server into the same condition each time, behind Salt's back.
    :param secrets: what nobody may read anywhere.
    :param is_slow: whether it is left to the long form.
    :param is_there: whether the object is there before: 404 would then be a lie, not a fault, for
        it is the very word by which a server says that there is none.
    """

    name: str
    function: str
    arguments: dict[str, Any]
    prepare: Callable[[], Any]
    secrets: list[str] = field(default_factory=list)
    is_there: bool = True
    is_slow: bool = False


def is_write(method: str, path: str) -> bool:
    """Tell whether a request may change something: Nomad plans and parses by POST."""
    where = path.partition("?")[0]
    return method not in READS and where not in ASKS and not where.endswith("/plan")


def counted(sent: list[Request]) -> Counter[tuple[str, str]]:
    """Count requests, whatever index or id is in their path."""
    return Counter((one.method, _ID.sub("…", one.path.partition("?")[0])) for one in sent)


def harmed_at(place: str) -> Callable[[str, str, list[Request]], bool]:
    """Give what tells which request is harmed."""

    def harms(method: str, path: str, before: list[Request]) -> bool:
        wrote = any(is_write(one.method, one.path) for one in before)
        if place == "first read":
            return not before
        if place == "write":
            return is_write(method, path)
        return wrote and not is_write(method, path)

    return harms


def places_of(case: Case, usual: list[Request], few: int | None) -> list[tuple[str, str]]:
    """
    Give pairs of fault and place: all of them, or a few, by a seed.

    :param usual: the requests of the case unharmed: not each reads again what it has written.
    """
    wrote = [is_write(one.method, one.path) for one in usual]
    reads_again = False in wrote[wrote.index(True) :]
    every = [
        (fault, place)
        for place in (PLACES if reads_again else PLACES[:2])
        for fault in FAULTS
        if (place == "write" or not fault.endswith(" and done"))
        and ((fault, place) != ("404", "first read") or not case.is_there)
    ]
    if few is None:
        return every
    dice = random.Random(f"{SEED} {case.name}")
    writes = [one for one in every if one[1] == "write"]
    return [*dice.sample(writes, few - few // 2), *dice.sample(every, few // 2)]


class Clock:
    """A clock that leaps once for each answer that drips, so that nobody has to wait for it."""

    def __init__(self, proxies: list[Proxy], clock: Callable[[], float]) -> None:
        self.proxies, self.clock = proxies, clock
        self.waits: list[float] = []

    def monotonic(self) -> float:
        """Give the time, or one that is too late."""
        late = 0.0
        for proxy in self.proxies:
            if proxy.drips.is_set():
                proxy.drips.clear()
                late = 10_000.0
        return self.clock() + late

    def patch(self, monkeypatch: Any) -> None:
        """Let the client neither wait between its tries, nor for what drips."""
        from saltext.eos.utils import http, timely

        waiting = SimpleNamespace(monotonic=self.clock, sleep=self.waits.append)
        monkeypatch.setattr(http, "time", waiting)
        monkeypatch.setattr(timely, "time", SimpleNamespace(monotonic=self.monotonic))


@dataclass
class Through:
    """States that reach a service by its proxy alone; all others go to the server itself."""

    salted: Any
    service: str
    proxy: Proxy
    is_on: bool = False

    def patch(self, monkeypatch: Any) -> None:
        """Let the minion's settings name the proxy while a state runs here."""
        from saltext.eos.utils import settings

        real = settings._address

        def address(service: str, known: Any) -> str:
            is_here = self.is_on and service == self.service
            return self.proxy.address if is_here else real(service, known)

        monkeypatch.setattr(settings, "_address", address)

    def state(self, function: str, **arguments: Any) -> dict[str, Any]:
        """Run a state."""
        with self._on():
            return dict(self.salted.state(function, **arguments))

    def call(self, function: str, *arguments: Any) -> Any:
        """Run a function of a module."""
        with self._on():
            return self.salted.modules[function](*arguments)

    @contextmanager
    def _on(self) -> Iterator[None]:
        self.is_on = True
        try:
            yield
        finally:
            self.is_on = False


@dataclass
class Bench:
    """
    Where cases are tried.

    :param direct: Salt at the server itself.
    :param through: Salt at the proxy.
    """

    direct: Any
    through: Any
    proxy: Proxy
    clock: Clock
    said: Callable[[], str]

    def wrote(self) -> Counter[tuple[str, str]]:
        """Count what was sent that may change something."""
        return counted([one for one in self.proxy.seen if is_write(one.method, one.path)])

    def left(self, case: Case) -> dict[str, Any]:
        """Ask the server itself what is not as the state wants it."""
        looked = self.direct.state(case.function, test=True, **case.arguments)
        assert looked["result"] is not False, (case.name, looked)
        return dict(looked["changes"])

    def clean(self, case: Case) -> tuple[dict[str, Any], list[Request]]:
        """Run a case unharmed: give its changes and its requests."""
        case.prepare()
        self.proxy.begin()
        result = self.through.state(case.function, **case.arguments)
        assert result["result"] is True and result["changes"], (case.name, result)
        return result["changes"], list(self.proxy.seen)

    def judge(
        self, case: Case, harm: tuple[str, str], known: tuple[dict[str, Any], list[Request]]
    ) -> None:
        """
        Harm one request of a case, and hold what is said to what is so.

        :param known: what ``clean`` gave.
        """
        (fault, place), (wanted, usual), where = harm, known, (case.name, *harm)
        case.prepare()
        self.clock.waits.clear()
        self.proxy.begin(fault, harmed_at(place))
        result = self.through.state(case.function, **case.arguments)
        seen, wrote = list(self.proxy.seen), self.wrote()
        self.proxy.begin()
        assert any(one.is_harmed for one in seen), (where, "nothing was harmed", seen)
        self._truthful(where, result, wanted, self.left(case))
        self._moderate(where, fault, seen, usual, wrote)
        told = json.dumps(result) + self.said()
        assert not [one for one in case.secrets if one in told], (where, "a secret is told")
        self._healed(where, case)

    def _truthful(self, where: Any, result: Any, wanted: Any, left: Any) -> None:
        assert set(result) >= {"name", "result", "comment", "changes"}, (where, result)
        claimed = result["changes"]
        lies = [n for n in set(claimed) & set(left) if claimed[n]["new"] != left[n]["old"]]
        assert not lies, (where, "claimed and not there", result, left)
        if result["result"] is True:
            assert not left, (where, "called well and is not", result, left)
            return
        assert result["result"] is False, (where, result)
        assert "expected" in result["comment"], (where, "says not what was expected", result)
        kept = set(wanted) - set(left) - set(claimed)
        assert not kept or "not known" in result["comment"], (where, "done and not said", result)

    def _moderate(
        self, where: Any, fault: str, seen: list[Request], usual: list[Request], wrote: Any
    ) -> None:
        # What a server has refused was not done: to decide anew and ask again is no second write.
        is_sure = fault in SURE
        once = counted(usual)
        # With another index it is another write: Consul itself writes what became of a gateway.
        sent = Counter((one.method, one.path) for one in seen if is_write(one.method, one.path))
        again = {
            (method, path)
            for (method, path), count in sent.items()
            if count > max(1, once[method, _ID.sub("…", path.partition("?")[0])])
        }
        assert is_sure or not again, (where, "written again", again)
        assert max(wrote.values(), default=0) <= TRIES, (where, wrote)
        most = TRIES * len(usual) + TRIES if is_sure else 2 * len(usual) + TRIES
        assert len(seen) <= most, (where, "asked too often", len(seen), most, seen)
        assert sum(self.clock.waits) <= 2 * TRIES, (where, self.clock.waits)

    def _healed(self, where: Any, case: Case) -> None:
        healed = self.through.state(case.function, **case.arguments)
        assert healed["result"] is True, (where, "does not heal", healed)
        self.proxy.begin()
        quiet = self.through.state(case.function, **case.arguments)
        assert (quiet["result"], quiet["changes"]) == (True, {}), (where, quiet)
        assert not self.wrote(), (where, "not quiet", self.wrote())


def generated(table: dict[str, Any], salted: Any) -> list[Case]:
    """Give the cases of a generated resource: made, changed and taken away."""
    resource, rows = table["resource"], spec_of(table)["fields"]
    example = max(table["examples"].values(), key=lambda one: len(one["desired"]))
    desired, drift = example["desired"], example["drift"]
    names = keys_of(table, desired)
    secrets = [content(one) for one in _files(desired)]

    def gone() -> None:
        _must(salted.state(f"{resource}.absent", **names))

    def there() -> None:
        _must(salted.state(f"{resource}.present", **desired))

    def drifted() -> None:
        there()
        kept = {n: one for n, one in desired.items() if n in rows and is_unread(rows[n])}
        changed = dict(list(drift.items())[:1])
        salted.modules[f"{resource}.update"](**{**kept, **names, **changed})

    cases = [Case(f"{resource} made", f"{resource}.present", desired, gone, secrets, False)]
    if drift:
        cases.append(Case(f"{resource} changed", f"{resource}.present", desired, drifted, secrets))
    return [*cases, Case(f"{resource} taken away", f"{resource}.absent", names, there, secrets)]


def _must(result: dict[str, Any]) -> None:
    assert result["result"] is True, result


def is_unread(row: dict[str, Any]) -> bool:
    """Tell whether a value holds what a server never shows."""
    inner = [*row.get("fields", {}).values(), *filter(None, [row.get("item")])]
    return row.get("diff") == "write-only" or any(map(is_unread, inner))


def _files(value: Any) -> list[str]:
    if isinstance(value, dict):
        if list(value) == ["file"] and isinstance(value["file"], str):
            return [value["file"]]
        return [name for one in value.values() for name in _files(one)]
    return [name for one in value for name in _files(one)] if isinstance(value, list) else []
