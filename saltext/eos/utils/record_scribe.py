"""Writes the books while the passes go on: a busy disk must not hold up the minion."""

from __future__ import annotations

import threading
from pathlib import Path

from saltext.eos.utils import record_store
from saltext.eos.utils.record_batch import Record
from saltext.eos.utils.record_store import State

PATIENCE = 10.0


class Scribe:
    """
    One thread that keeps the newest books on disk.

    Books that are overtaken by newer ones before they are written are left out: each holds all
    that is owed and told, so the newest is enough.

    :param name: of the thread.
    :param folder: where the books are kept.
    :param records: what is on disk already.
    """

    def __init__(self, name: str, folder: Path, records: list[Record]) -> None:
        self._name = name
        self._folder = folder
        self._changed = threading.Condition()
        self._waiting: tuple[bytes, list[Record]] | None = None
        self._durable = list(records)
        self._error: OSError | None = None
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def records(self) -> list[Record]:
        """Give the records that are on disk: only these may be sent."""
        with self._changed:
            return self._durable

    def write(self, state: State) -> None:
        """Have the books written; does not wait for it."""
        packed = record_store.packed(state)
        with self._changed:
            self._waiting = (packed, list(state["records"]))
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def failure(self) -> OSError | None:
        """Give why the last books could not be written; ``None`` when they were."""
        with self._changed:
            return self._error

    def close(self) -> None:
        """Write what is waiting, and end the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread:
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._waiting is None and not self._is_closed:
                    self._changed.wait()
                if self._waiting is None:
                    return
                (packed, records), self._waiting = self._waiting, None
            try:
                record_store.write(self._folder / record_store.STATE, packed)
            except OSError as err:
                with self._changed:
                    self._error = err
                continue
            with self._changed:
                self._durable, self._error = records, None
