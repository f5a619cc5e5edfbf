"""
Who of several masters heals: whoever holds a lock in Consul, fenced by the index of its taking.

What Consul was told last holds until its time to live has passed since the question was sent, by
this machine's own clock; Consul frees the lock later than that. A master that cannot ask stops by
then. While nobody can be asked only the primary acts, and only on units of its own node.
"""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from saltext.eos.utils.http import Client, HttpError, NotFound, ServerError, Unavailable

log = logging.getLogger(__name__)

KEY = "eos/healer/lock"
TTL = 15.0
LOOK_EVERY = 2.0
ASK_WITHIN = 4.0
# With status 500 too, where an agent passes on what a server says.
REFUSALS = ("permission denied", "acl not found")
HOLDER, STANDBY, ALONE = "holder", "standby", "alone"


class Standing(NamedTuple):
    """
    What this master may do.

    :param role: ``holder``; ``standby`` when another one may hold the lock; ``alone`` when Consul
        has not answered for longer than a lock lasts.
    :param epoch: index of the taking, by which whoever held it before is fenced off; 0 without.
    :param left: seconds for which that is so at least; for a holder only.
    :param before: name of the master that held it last, for a holder.
    :param why: for people.
    :param is_refused: it cannot ask for the lock, though there is a Consul that others can ask.
    """

    role: str
    epoch: int
    left: float
    before: str
    why: str
    is_refused: bool = False


class Terms(NamedTuple):
    """
    How the lock is asked for.

    :param address: of a Consul agent.
    :param token: file with a token that may write sessions of this node and the key.
    :param ca: of the agent's certificate.
    :param name: of this master, for people.
    """

    address: str
    token: str | None
    ca: str | None
    name: str
    key: str = KEY
    ttl: float = TTL


def boot_clock() -> float:
    """Give seconds that also count while the machine sleeps, as Consul's do."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Lease:
    """
    The lock, looked after by a thread.

    :param clock: never runs backwards and counts while the machine sleeps.
    :param awake: called when the standing has changed.
    """

    def __init__(
        self, terms: Terms, awake: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = boot_clock,
    ) -> None:  # fmt: skip
        self._terms, self._awake, self._clock = terms, awake, clock
        self._session, self._epoch, self._until = "", 0, float("-inf")
        self._answered, self._before = clock(), ""
        self._why, self._is_refused = "the lock was not asked for yet", False
        self._is_ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eos heal lease", daemon=True)
        self._thread.start()

    def standing(self) -> Standing:
        """Say what this master may do now; any thread may ask."""
        now, until, epoch = self._clock(), self._until, self._epoch
        if epoch and now < until:
            return Standing(HOLDER, epoch, until - now, self._before, "")
        if now - self._answered > 2 * self._terms.ttl:
            return Standing(ALONE, 0, 0.0, "", f"Consul cannot be asked who heals: {self._why}")
        return Standing(STANDBY, 0, 0.0, "", self._why, self._is_refused)

    def end(self) -> None:
        """Free the lock, so that the next one need not wait; within a few seconds."""
        self._is_ended.set()
        self._thread.join(ASK_WITHIN)
        session, self._session, self._until = self._session, "", float("-inf")
        if session:
            try:
                self._client().put(f"/v1/session/destroy/{session}")
            except (HttpError, OSError, ValueError) as err:
                log.info("the lock is freed by its time: %s", err)

    def _run(self) -> None:
        while not self._is_ended.is_set():
            before = self.standing().role
            try:
                self._look(self._client())
                self._is_refused = False
            except (HttpError, OSError, ValueError, KeyError, TypeError) as err:
                self._why = str(err)[:300]
                self._is_refused = not _is_silence(err)
                if self._is_refused:
                    # Whoever is refused knows that others may be asked, and hold the lock.
                    self._answered = self._clock()
            if self.standing().role != before:
                log.warning("healing: %s is now %s", self._terms.name, self.standing())
                self._awake()
            self._is_ended.wait(LOOK_EVERY)

    def _client(self) -> Client:
        headers = {}
        if self._terms.token:
            headers["X-Consul-Token"] = Path(self._terms.token).read_text("ascii").strip()
        return Client(
            self._terms.address, self._terms.ca, headers, timeout=ASK_WITHIN, attempts=1,
            within=ASK_WITHIN,
        )  # fmt: skip

    def _look(self, client: Client) -> None:
        """Renew the session or make one, then see whose the lock is; take a free one."""
        asked = self._clock()
        if self._session and not self._renewed(client):
            self._lost("the session has ended")
        if not self._session:
            self._session = self._made(client)
        held = self._held(client)
        holder = (held or {}).get("Session")
        if holder != self._session and self._epoch:
            self._answered = self._clock()
            self._lost("the lock was taken away")
            return
        if holder is None:
            before = base64.b64decode((held or {}).get("Value") or "").decode("utf-8", "replace")
            path = f"/v1/kv/{quote(self._terms.key)}?acquire={self._session}"
            if client.put(path, self._terms.name) is True:
                held = self._held(client)
                holder, self._before = (held or {}).get("Session"), before
        self._answered = self._clock()
        if held is not None and holder == self._session:
            self._epoch = self._epoch or int(held["ModifyIndex"])
            self._until = asked + self._terms.ttl
            self._why = ""
        else:
            self._why = "another master holds the lock" if holder else "the lock is not free yet"

    def _lost(self, why: str) -> None:
        self._session, self._epoch, self._until = "", 0, float("-inf")
        self._why = why
        log.warning("healing: %s", why)

    def _renewed(self, client: Client) -> bool:
        try:
            client.put(f"/v1/session/renew/{self._session}")
        except NotFound:
            return False
        return True

    def _made(self, client: Client) -> str:
        body = {
            "Name": f"eos-healer {self._terms.name}", "TTL": f"{self._terms.ttl:.0f}s",
            "Behavior": "release", "LockDelay": f"{self._terms.ttl:.0f}s",
        }  # fmt: skip
        return str(client.put("/v1/session/create", body)["ID"])

    def _held(self, client: Client) -> Mapping[str, Any] | None:
        try:
            return client.get(f"/v1/kv/{quote(self._terms.key)}?consistent")[0]
        except NotFound:
            return None


def _is_silence(err: Exception) -> bool:
    """Tell a Consul that cannot say who holds the lock from one that refuses this master."""
    if isinstance(err, ServerError):
        return not any(word in str(err).lower() for word in REFUSALS)
    return isinstance(err, Unavailable)
