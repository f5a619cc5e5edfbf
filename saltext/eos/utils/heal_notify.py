"""
Notification: who is named in pillar is told what the audit of healing says.

It runs in a process of its own beside the engine, a thread for each channel, so that whatever a
receiver or a returner of Salt does, nothing is decided later for it. It reads the healer's file
only, and behind cursors of its own. The same process serves the metrics.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import salt.minion
import salt.utils.jid
from salt.exceptions import CommandExecutionError, SaltException

from saltext.eos.utils import (
    engine_child,
    heal_metrics,
    heal_notify_channel,
    heal_notify_keeper,
    heal_status,
    heal_webhook,
    master,
    sealed,
    store,
)
from saltext.eos.utils import heal_notify_settings as settings
from saltext.eos.utils.heal_file import NAME
from saltext.eos.utils.heal_notify_channel import FOLDER, Follower, Send
from saltext.eos.utils.heal_notify_message import Message
from saltext.eos.utils.heal_webhook import Failed

log = logging.getLogger(__name__)

NICENESS = 5
PILLAR_EVERY = 120.0
LONGEST_PAUSE = 60.0
LEAST_KEY = 32
STATUS_EVERY = 5.0
# A start, and a pillar that takes its time, are no news.
FROZEN_FOR, SILENT_FOR = 90.0, 120.0


def start(opts: dict[str, Any]) -> engine_child.Child:
    """
    Begin to tell; it ends with the process that calls this, or by ``end()``.

    To be called before the engine has a thread or the healer's file: the process is forked.
    """
    return engine_child.child("EosNotify", heal_notify_keeper.keep, (run, dict(opts)))


def run(opts: dict[str, Any], restarts: int, woken: Connection, parent: int) -> None:
    """
    Tell until the one that keeps this running is gone.

    :param restarts: how often the one before this ended since the engine began.
    :param woken: the other end of a pipe to the engine.
    :param parent: process id of the keeper.
    """
    os.nice(NICENESS)
    home = store.home(opts)
    heal_metrics.begin(opts, home, restarts)
    running: dict[str, tuple[settings.Channel, threading.Event]] = {}
    looked = float("-inf")
    while os.getppid() == parent:
        if time.monotonic() - looked >= PILLAR_EVERY:
            looked = time.monotonic()
            wanted = _wanted(opts)
            if wanted is not None:
                _arrange(opts, home, running, wanted)
        woken.poll(1.0)


def _wanted(opts: dict[str, Any]) -> dict[str, settings.Channel] | None:
    """Read who is to be told; None, and so the same as before, where pillar cannot be read."""
    try:
        heal = master.form(opts).get("heal") or {}
        return settings.read(heal.get("notify"), heal.get("webhook"))
    except (SaltException, settings.Refused) as err:
        log.warning("who is told about healing is not known: %s", err)
    except Exception as err:  # noqa: BLE001 - compiling a pillar runs what people wrote
        log.warning("who is told about healing is not known: %s: %s", type(err).__name__, err)
    return None


def _arrange(
    opts: dict[str, Any], home: Path,
    running: dict[str, tuple[settings.Channel, threading.Event]],
    wanted: dict[str, settings.Channel],
) -> None:  # fmt: skip
    for name, (channel, ended) in [*running.items()]:
        if wanted.get(name) != channel:
            ended.set()
            del running[name]
    try:
        # Who is not told any more asks for nobody's help.
        heal_notify_channel.tell_now(home, wanted)
    except (OSError, SaltException) as err:
        # That the healer freezes because of it is what people have to be told now.
        log.warning("who is told about healing was not noted: %s", err)
    for name, channel in wanted.items():
        if name not in running:
            ended = threading.Event()
            running[name] = (channel, ended)
            threading.Thread(
                target=follow, args=(home, channel, sender(opts, channel), ended),
                name=f"eos notify {name}", daemon=True,
            ).start()  # fmt: skip


def follow(home: Path, channel: settings.Channel, send: Send, ended: threading.Event) -> None:
    """Tell one channel until that is ended; what is in the way is said, and tried again."""
    follower: Follower | None = None
    pause, frozen = 1.0, Frozen(home, send)
    while not ended.is_set():
        try:
            frozen.look(time.time())
            if follower is None:
                follower = Follower(home / FOLDER, home / NAME, channel, send)
            ended.wait(follower.turn(time.time()))
            pause = 1.0
        except Exception as err:  # noqa: BLE001 - whatever it is, it must not end in silence
            why = f"{type(err).__name__}: {err}"
            log.warning("%s is not told: %s; next try in %s s", channel.name, why, pause)
            with contextlib.suppress(OSError, ValueError, SaltException):
                if follower is not None:
                    follower.failed(why, time.time())
            ended.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


class Frozen:
    """
    What no line of the audit can say: that the healer decides nothing, or does not turn.

    :param home: the master's store, where the engine says how it is.
    """

    def __init__(self, home: Path, send: Send) -> None:
        self._path, self._send = home / heal_status.NAME, send
        self._looked, self._since, self._told = float("-inf"), 0.0, ""

    def look(self, now: float) -> None:
        """
        Tell of it once, when it has been so for long.

        :raises Failed: it was not taken; it is told at the next look.
        """
        if 0 <= now - self._looked < STATUS_EVERY:
            return
        self._looked = now
        why = self._why(now)
        if not why:
            self._since, self._told = 0.0, ""
            return
        self._since = self._since or now
        if now - self._since < FROZEN_FOR or self._told:
            return
        id_ = hashlib.sha256(f"{why} {self._since}".encode()).hexdigest()[:32]
        said = f"Eos healing: nothing is healed: {why}; see salt-run eos.status"
        self._send(Message(f"frozen-{id_}", 0, 0, now, "frozen", "critical", said, {}), now)
        self._told = why

    def _why(self, now: float) -> str:
        try:
            status = heal_status.read(self._path)
        except (OSError, ValueError) as err:
            return f"the engine's word cannot be read ({type(err).__name__})"
        if status is None:
            return ""
        if now - status.at > SILENT_FOR:
            return "the engine does not turn"
        return status.why if status.state == heal_status.FROZEN else ""


def sender(opts: dict[str, Any], channel: settings.Channel) -> Send:
    """Give what tells one channel a message, once; it raises :class:`Failed`."""
    if channel.name == settings.WEBHOOK:
        return lambda message, now: _post(opts, channel, message, now)
    loaded: list[Any] = []

    def send(message: Message, now: float) -> None:
        if not loaded:
            # Kept whole: Salt takes the returners down with the one that has loaded them.
            loaded.append(salt.minion.MasterMinion(opts, states=False, rend=False))
        returned(opts, loaded[0].returners, channel.name, message)

    return send


def key_of_webhook(opts: dict[str, Any]) -> bytes:
    """
    Give the key that notifications of the webhook are signed with.

    :raises Failed: there is none that can be used.
    """
    try:
        key = sealed.read(opts, settings.KEY)
    except CommandExecutionError as err:
        raise Failed(f"the key of the webhook does not open: {err}") from err
    if key is None or len(key) < LEAST_KEY:
        raise Failed(
            "the webhook has no key; run `salt-run eos.webhook_key file=…`, and give the receiver "
            "the same"
        )
    return key.encode()


def _post(opts: dict[str, Any], channel: settings.Channel, message: Message, now: float) -> None:
    key = key_of_webhook(opts)
    heal_webhook.send(channel.url, key, message, now, channel.ca or None, channel.within)


def returned(
    opts: dict[str, Any], returners: Any, name: str, message: Message,
    jid: Callable[[dict[str, Any]], str] = salt.utils.jid.gen_jid,
) -> None:  # fmt: skip
    """
    Hand a message to a returner, as Salt hands it the return of a job.

    :param returners: what Salt has loaded.
    :raises Failed: there is no such returner, or it raised.
    """
    if f"{name}.returner" not in returners:
        raise Failed(f"this master has no returner {name}; expected one that Salt can load")
    minion, number = str(opts["id"]), jid(opts)
    job = {
        "id": minion, "jid": number, "fun": "eos.heal", "fun_args": [message.kind], "arg": [],
        "tgt": minion, "tgt_type": "glob", "user": "eos_healer", "return": message.text,
        "success": message.severity != "critical", "retcode": int(message.severity == "critical"),
        "out": "nested", "eos": message._asdict(),
    }  # fmt: skip
    try:
        if f"{name}.prep_jid" in returners and f"{name}.save_load" in returners:
            # A job cache wants to know of a job before it takes its return.
            job["jid"] = returners[f"{name}.prep_jid"](nocache=False, passed_jid=number)
            returners[f"{name}.save_load"](job["jid"], dict(job))
        returners[f"{name}.returner"](job)
    except Exception as err:
        raise Failed(f"returner {name} raised {type(err).__name__}: {err}") from err
