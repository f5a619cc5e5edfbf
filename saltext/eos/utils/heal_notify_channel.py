"""
One way to people: it follows the audit behind a cursor of its own, and loses nothing on the way.

What is about to be told is written down first, so that after a crash the same is told again under
the same id: at least once. What is not taken after some attempts is a dead letter, and told of.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from saltext.eos.utils import heal_audit, heal_notify_message, heal_notify_settings, store
from saltext.eos.utils.heal_notify_message import SEVERITIES, Message
from saltext.eos.utils.heal_notify_settings import Channel
from saltext.eos.utils.heal_webhook import Failed

FOLDER = "heal-notify"
DEAD = "dead.jsonl"
# Names those who are told now: the cursor of one that is gone from pillar stays, for its return.
TOLD_NOW = "told-now"
SLICE = 500
# A digest is of so many lines at most.
MOST_LINES = 20_000
ATTEMPTS = 8
GRAVEST = SEVERITIES[-1]
BACK_OFF, LONGEST = 1.0, 300.0
MOST_DEAD = 1_000
DAY = 86_400.0
EMPTY: dict[str, Any] = {
    "n": None, "pending": None, "attempts": 0, "next": 0.0, "window": 0.0, "told": 0, "sent": 0,
    "failed": 0, "dead": 0, "last_error": "", "at": 0.0, "behind": 0, "grave": 0, "hash": "",
}  # fmt: skip
Send = Callable[[Message, float], None]


class Another(heal_audit.Broken):
    """This audit is not the one whose lines were told: a backup, or one made anew."""


class Follower:
    """
    Tells one channel what the audit says.

    :param folder: where cursors and dead letters are.
    :param audit: the healer's file.
    :param send: tells one message; raises :class:`Failed`.
    """

    def __init__(self, folder: Path, audit: Path, channel: Channel, send: Send) -> None:
        self.channel, self._send, self._audit = channel, send, audit
        self._path = folder / f"{channel.name}.json"
        self._dead = folder / DEAD
        self.state = {**EMPTY, **(_read(self._path) or {})}
        self._seen = 0

    def turn(self, now: float) -> float:
        """
        Tell what is to be told now.

        :param now: seconds since 1970.
        :return: seconds until it is worth to look again.
        :raises Broken: the audit is not what was written; nothing of it is told.
        :raises sqlite3.Error: it cannot be read.
        """
        if now < self.state["next"]:
            return min(1.0, float(self.state["next"]) - now)
        if not self._audit.exists():
            return 1.0
        if self.state["n"] is None:
            # What was before anybody wanted to know is told to nobody.
            self._pass_over(_last(self._audit))
            self._keep(now)
        try:
            message = self._next(now)
        except Another as err:
            message = self._another(str(err))
        if message is None:
            return 0.5
        self._tell(message, now)
        return 0.0

    def failed(self, why: str, now: float) -> None:
        """Note what keeps this channel from telling, for people and for metrics."""
        self.state["failed"] += 1
        self.state["last_error"] = why[:300]
        self._keep(now)

    def _another(self, why: str) -> Message:
        """Say that the audit is another one, and go on from its end."""
        last = _last(self._audit)
        self.state["pending"] = [last, last]
        return _said(
            f"another-{self.state['n']}-{last}", last, last, "audit", "critical",
            f"{why}; it is another audit, what lies between was told to nobody",
        )  # fmt: skip

    def _next(self, now: float) -> Message | None:
        """Choose what is told next; what is not grave enough is passed over."""
        pending = self.state["pending"]
        first = int(self.state["n"])
        upto = pending[1] if pending else None
        lines, last = _lines(self._audit, first, upto, str(self.state["hash"]))
        self.state["behind"] = last - first
        least = SEVERITIES.index(self.channel.severity)
        graded = [(line, hash_, heal_notify_message.severity(line)) for line, hash_ in lines]
        chosen = [one for one in graded if SEVERITIES.index(one[2]) >= least]
        if pending is not None and not lines:
            # A channel that was taken out of the pillar for long: salt-run eos.audit has them.
            return _said(
                f"moved-{first}-{pending[1]}", first, pending[1], "audit", "warning",
                f"lines {first + 1} to {pending[1]} of the audit were moved before they were told",
            )  # fmt: skip
        if not chosen:
            if lines:
                self._pass_over(lines[-1][0].n)
                self._keep(now)
            return None
        if pending is None:
            pending = self._range(chosen, last, now)
            if pending is None:
                return None
            self.state["pending"] = pending
            self._keep(now)
            if pending[1] > lines[-1][0].n:
                return self._next(now)
        told = [one for one in chosen if one[0].n <= pending[1]]
        if len(told) == 1:
            return heal_notify_message.message(told[0][0], told[0][1])
        digest = [(line, severity) for line, _, severity in told]
        return heal_notify_message.digest(digest, told[-1][1])

    def _range(self, chosen: list[Any], last: int, now: float) -> list[int] | None:
        """Say up to which line is told at once: one line, or in a storm all that there are."""
        if now - self.state["window"] >= self.channel.every:
            self.state.update(window=now, told=0, grave=0)
        room = self.channel.most - int(self.state["told"])
        if len(chosen) <= room:
            return [chosen[0][0].n, chosen[0][0].n]
        if room > 0:
            # The storm is told of at once, and then not before the window is over.
            self.state["told"] = self.channel.most
            return [chosen[0][0].n, min(last, int(self.state["n"]) + MOST_LINES)]
        return self._grave(chosen[0][0].n)

    def _grave(self, first: int) -> list[int] | None:
        """What is critical does not wait for the end of a storm: all up to it is told with it."""
        if int(self.state["grave"]) >= self.channel.most:
            return None
        lines, _ = _lines(self._audit, max(int(self.state["n"]), self._seen), None)
        found = [line.n for line, _ in lines if heal_notify_message.severity(line) == GRAVEST]
        if not found:
            self._seen = lines[-1][0].n if lines else self._seen
            return None
        # What is behind a cursor is told: a message holds no more lines than that.
        most = int(self.state["n"]) + MOST_LINES
        within = [number for number in found if number <= most]
        if not within:
            return [first, most]
        self.state["grave"] += 1
        return [first, within[-1]]

    def _tell(self, message: Message, now: float) -> None:
        state = self.state
        try:
            self._send(message, now)
        except Failed as err:
            state["attempts"] += 1
            state["failed"] += 1
            state["last_error"] = str(err)[:300]
            if not err.is_final and state["attempts"] < ATTEMPTS:
                state["next"] = now + min(BACK_OFF * 2.0 ** (state["attempts"] - 1), LONGEST)
                self._keep(now)
                return
            self._bury(message, str(err), now)
            state["dead"] += 1
        else:
            state["sent"] += 1
            state["last_error"] = ""
        state["told"] += 1
        state.update(attempts=0, next=0.0)
        self._pass_over(state["pending"][1])
        self._keep(now)

    def _pass_over(self, number: int) -> None:
        """Stand behind a line, and remember which audit it is one of."""
        self.state.update(n=number, pending=None, hash=_hash_of(self._audit, number))

    def _keep(self, now: float) -> None:
        self.state["at"] = now
        store.replace(self._path, json.dumps(self.state, sort_keys=True).encode())

    def _bury(self, message: Message, why: str, now: float) -> None:
        held = []
        with contextlib.suppress(FileNotFoundError):
            held = self._dead.read_text("utf-8").splitlines()[1 - MOST_DEAD :]
        letter = {
            "at": now,
            "channel": self.channel.name,
            "why": why[:300],
            "message": message._asdict(),
        }
        text = "\n".join([*held, json.dumps(letter, sort_keys=True)])
        store.replace(self._dead, f"{text}\n".encode())


def tell_now(home: Path, names: Iterable[str]) -> None:
    """
    Note who is told from now on.

    :param home: the master's store.
    :raises CommandExecutionError: it cannot be written; OSError where the disk is full.
    """
    store.replace(home / FOLDER / TOLD_NOW, json.dumps(sorted(names)).encode())


def standing(home: Path) -> dict[str, Any]:
    """
    Tell how each channel is that is told now, for people and for metrics.

    :param home: the master's store.
    :return: by channel ``sent``, ``failed``, ``dead``, ``behind``, ``last_error``, ``at``.
    """
    found = {}
    folder = home / FOLDER
    names_now = _told_now(folder)
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        held = _read(path)
        if held is not None and (names_now is None or path.stem in names_now):
            names = ("sent", "failed", "dead", "behind", "last_error", "at")
            found[path.stem] = {name: held.get(name, EMPTY[name]) for name in names}
    return found


def needs(home: Path, now: float, heal: Mapping[str, Any] | None = None) -> list[str]:
    """
    Say what of notification needs a person.

    :param home: the master's store.
    :param now: seconds since 1970.
    :param heal: what pillar says now below ``eos:heal``: nobody waits for who is not in it.
    """
    wanted = _wanted(heal)
    found = [
        f"{name} is not told about healing: {held['last_error']}; `salt-run eos.notify_test "
        f"channel={name}` tries it"
        for name, held in standing(home).items()
        if held["last_error"] and (wanted is None or name in wanted)
    ]
    letters = []
    with contextlib.suppress(OSError, ValueError):
        lines = (home / FOLDER / DEAD).read_text("utf-8").splitlines()
        letters = [one for one in map(json.loads, lines) if now - one["at"] < DAY]
    if wanted is not None:
        letters = [one for one in letters if one["channel"] in wanted]
    if letters:
        found.append(
            f"notifications that were given up within a day: {len(letters)}, the last for "
            f"{letters[-1]['channel']} ({letters[-1]['why']}); read {home / FOLDER / DEAD}"
        )
    return found


def _wanted(heal: Mapping[str, Any] | None) -> Container[str] | None:
    """Name who is in pillar; None where it does not say."""
    if heal is None:
        return None
    try:
        return heal_notify_settings.read(heal.get("notify"), heal.get("webhook"))
    except heal_notify_settings.Refused:
        return None


def _told_now(folder: Path) -> list[str] | None:
    try:
        held = json.loads((folder / TOLD_NOW).read_bytes())
    except (OSError, ValueError):
        return None
    return [*map(str, held)] if isinstance(held, list) else None


def _said(id_: str, first: int, last: int, kind: str, severity: str, words: str) -> Message:
    """Say something that is no line of the audit."""
    return Message(id_, first, last, time.time(), kind, severity, f"Eos healing: {words}", {})


def _read(path: Path) -> dict[str, Any] | None:
    try:
        held = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return held if isinstance(held, dict) else None


def _last(audit: Path) -> int:
    with contextlib.closing(_opened(audit)) as db:
        return heal_audit.end(db)[0]


def _hash_of(audit: Path, number: int) -> str:
    """Give the hash of a line; empty for one that was moved, or that there is not."""
    with contextlib.closing(_opened(audit)) as db:
        began, hash_ = heal_audit.begin(db)
        row = db.execute("SELECT hash FROM audit WHERE n = ?", (number,)).fetchone()
        return str(row[0]) if row else hash_ if number == began else ""


def _lines(
    audit: Path, after: int, upto: int | None, told: str = ""
) -> tuple[list[tuple[heal_audit.Line, str]], int]:
    """
    Give lines behind a number, each checked, with its hash; and the number of the last.

    :param told: the hash that the line of that number had; empty where it is not known.
    :raises Another: it has another one by now.
    """
    with contextlib.closing(_opened(audit)) as db:
        db.execute("BEGIN")
        began, previous = heal_audit.begin(db)
        last = heal_audit.end(db)[0]
        if after > last:
            raise Another(f"the audit ends with line {last}; line {after} was told of")
        number = began
        if after > began:
            row = db.execute("SELECT hash FROM audit WHERE n = ?", (after,)).fetchone()
            if row is None:
                raise heal_audit.Broken(f"line {after} of the audit is gone")
            number, previous = after, str(row[0])
        if told and after == number and told != previous:
            raise Another(f"line {after} of the audit is not the one that was told of")
        found = []
        for row in db.execute(
            "SELECT n, at, kind, body, previous, hash FROM audit WHERE n > ? AND n <= ? "
            "ORDER BY n LIMIT ?",
            (number, last if upto is None else upto, SLICE if upto is None else MOST_LINES),
        ):  # fmt: skip
            number += 1
            line = heal_audit.checked(row, number, previous)
            previous = row[5]
            found.append((line, previous))
        return found, last


def _opened(path: Path) -> sqlite3.Connection:
    path.stat()
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=5)
