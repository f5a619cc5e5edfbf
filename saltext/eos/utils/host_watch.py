"""One pass of the beacon ``eos_host``: see what should run here, and keep the books of it."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from saltext.eos.events import table
from saltext.eos.utils import host_form, host_judge, record_store
from saltext.eos.utils.boot import boot_id
from saltext.eos.utils.host_aside import Aside
from saltext.eos.utils.host_certificate import Certificates
from saltext.eos.utils.host_disk import Disks
from saltext.eos.utils.host_form import Form
from saltext.eos.utils.host_judge import Seen
from saltext.eos.utils.host_kept import Known
from saltext.eos.utils.host_seal import Seal
from saltext.eos.utils.host_token import Tokens
from saltext.eos.utils.host_units import Units
from saltext.eos.utils.moments import exact
from saltext.eos.utils.record_batch import Record
from saltext.eos.utils.record_books import Books
from saltext.eos.utils.record_store import State

VERSION = 1
WRITTEN = ("boot", "records", "number", "counts", "things")
# Seconds between two questions for a pillar that is not refused any more.
ASK_EVERY = 300.0


class Watch:
    """
    What is watched on this host, and its books.

    :param folder: where they are kept.
    :param minion: its id.
    :param known: what is to run here.
    :param settings: the beacon's configuration, complete.
    :param ask_again: asks for the pillar anew, which opens another watch.
    :raises OSError: the folder cannot be used.
    """

    def __init__(
        self, folder: Path, minion: str, known: Known, settings: dict[str, Any],
        ask_again: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        form = known.form
        self._known, self._ask_again = known, ask_again
        self._ask_at = time.clock_gettime(time.CLOCK_BOOTTIME) + ASK_EVERY
        self._minion = minion
        self._settings = settings
        #: Id of this boot of the kernel.
        self.boot = boot_id()
        self._books = Books("eos_host", folder)
        self._books.open(self._opened(form))
        self._units = Units(form.units, settings["restarts"])
        self._asides = self._looks(form)

    @property
    def records(self) -> list[Record]:
        """What is on disk and the master has not acknowledged."""
        return self._books.records

    @property
    def is_kept(self) -> bool:
        """Whether it knows what to watch, and its books can be written."""
        return self._books.is_kept and not self._known.is_blind

    def step(self) -> None:
        """Make one pass; what it found can be sent as soon as it is on disk."""
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        if self._known.refused and now >= self._ask_at:
            self._ask_at = now + ASK_EVERY
            self._ask_again()
        self._books.let_go()
        for seen in self._units.look(self._minion, self.boot, now):
            self._judge(seen, now)
        for aside in self._asides:
            for seen in aside.step(now):
                self._judge(seen, now)
        self._books.save()

    def close(self) -> None:
        """Close what is open; what waits is written first."""
        self._books.close()
        self._units.close()

    def _opened(self, form: Form) -> State:
        state = self._books.load(VERSION, WRITTEN)
        if state is None:
            state = {
                "version": VERSION, "boot": self.boot, "things": {}, "records": [],
                "number": record_store.first_number(), "counts": {"told": 0},
            }  # fmt: skip
        self._books.release(state)
        here = {f"unit:{unit}" for unit in form.units}
        here |= {f"certificate:{path}" for path in form.certificates}
        here |= {f"token:{path}" for path in form.tokens}
        here |= {f"seal:{form.vault[0]}"} if form.vault else set()
        # What was seen before this start says nothing of how long it has been so.
        state["things"] = {
            thing: {**known, "level": None} for thing, known in state["things"].items()
            if thing in here or (thing.startswith("disk:") and form.storage)
        }  # fmt: skip
        refused = self._known.refused
        since = (state.get("refused") or {}).get("since") or exact(time.time())
        return {
            **state, "boot": self.boot, "form": host_form.digest(form),
            "refused": {"since": since, "why": refused[:500]} if refused else None,
        }  # fmt: skip

    def _looks(self, form: Form) -> list[Aside]:
        minion, settings = self._minion, self._settings
        lifetime = settings["lifetime"]
        made = []
        if form.storage:
            disks = Disks(form.storage, settings, minion, self.boot)
            made.append(Aside("eos-host-disks", 10.0, disks.look))
        if form.certificates:
            certificates = Certificates(form.certificates, lifetime, minion)
            made.append(Aside("eos-host-certificates", 30.0, certificates.look))
        if form.tokens:
            tokens = Tokens(form.tokens, form.authority, lifetime, minion)
            made.append(Aside("eos-host-tokens", 60.0, tokens.look))
        if form.vault:
            address, unit = form.vault
            open_in = (self._books.state["things"].get(f"seal:{address}") or {}).get("well_in")
            seal = Seal(
                address, form.authority, minion, lambda: self._units.invocation(unit), open_in
            )
            made.append(Aside("eos-host-seal", 5.0, seal.look))
        return made

    def _is_ignored(self, seen: Seen) -> bool:
        subject = seen.payload["subject"]
        names = [seen.thing.partition(":")[2], subject.get("component")]
        names += subject.get("components") or ()
        return any(
            fnmatch.fnmatchcase(str(name), pattern)
            for name in names for pattern in self._settings["ignore"]
        )  # fmt: skip

    def _judge(self, seen: Seen, now: float) -> None:
        if self._is_ignored(seen):
            return
        state = self._books.state
        before = state["things"].get(seen.thing)
        quiet = table.TABLE[seen.event]["verbs"][seen.verb()]["settle_seconds"] if seen.level else 0
        known, is_told = host_judge.judge(before, seen, now, quiet)
        if is_told and len(state["records"]) >= self._settings["keep"]:
            # It is told as soon as there is room, if it is still so.
            if before is None:
                return
            known, is_told = {**before, "well_in": known.get("well_in")}, False
        state["things"][seen.thing] = known
        self._books.is_dirty |= before is None or any(
            before.get(name) != known.get(name) for name in ("told", "well_in")
        )
        if is_told:
            mark = f"{seen.mark}#{state['number']}" if seen.is_numbered else seen.mark
            self._books.tell(_record(seen._replace(mark=mark), self.boot))


def _record(seen: Seen, boot: str) -> Record:
    return {
        "boot": boot,
        "kind": seen.verb(),
        "event": seen.event,
        "verb": seen.verb(),
        **seen.payload,
        "mark": seen.mark,
        "occurred": seen.occurred,
        "evidence": [f"{seen.thing}:{seen.mark}"],
    }
