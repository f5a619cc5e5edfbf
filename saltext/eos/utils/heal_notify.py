"""
Notification: who is named in pillar is told what the audit of healing says.

It runs in a process of its own beside the engine, a thread for each channel, so that whatever a
receiver or a returner of Salt does, nothing is decided later for it. It reads the healer's file
only, and behind cursors of its own. The same process serves the metrics.
"""

from __future__ import annotations

import logging
import os
import sqlite3
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
    bridge_child,
    heal_audit,
    heal_metrics,
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


def start(opts: dict[str, Any]) -> bridge_child.Child:
    """
    Begin to tell; it ends with the process that calls this, or by ``end()``.

    To be called before the engine has a thread or the healer's file: the process is forked.
    """
    return bridge_child.child("EosNotify", run, (dict(opts),))


def run(opts: dict[str, Any], woken: Connection, parent: int) -> None:
    """
    Tell until the engine is gone.

    :param woken: the other end of a pipe to the engine.
    :param parent: process id of the engine.
    """
    os.nice(NICENESS)
    home = store.home(opts)
    heal_metrics.begin(opts, home)
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
    for name, channel in wanted.items():
        if name not in running:
            ended = threading.Event()
            running[name] = (channel, ended)
            threading.Thread(
                target=follow, args=(home, channel, _sender(opts, channel), ended),
                name=f"eos notify {name}", daemon=True,
            ).start()  # fmt: skip


def follow(home: Path, channel: settings.Channel, send: Send, ended: threading.Event) -> None:
    """Tell one channel until that is ended; what is in the way is said, and tried again."""
    follower = Follower(home / FOLDER, home / NAME, channel, send)
    pause = 1.0
    while not ended.is_set():
        try:
            ended.wait(follower.turn(time.time()))
            pause = 1.0
        except (heal_audit.Broken, sqlite3.Error, OSError, ValueError) as err:
            log.warning("%s is not told: %s; next try in %s s", channel.name, err, pause)
            ended.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def _sender(opts: dict[str, Any], channel: settings.Channel) -> Send:
    if channel.name == settings.WEBHOOK:
        return lambda message, now: _post(opts, channel, message, now)
    loaded: list[Any] = []

    def send(message: Message, now: float) -> None:
        if not loaded:
            loaded.append(salt.minion.MasterMinion(opts, states=False, rend=False).returners)
        returned(opts, loaded[0], channel.name, message)

    return send


def _post(opts: dict[str, Any], channel: settings.Channel, message: Message, now: float) -> None:
    try:
        key = sealed.read(opts, settings.KEY)
    except CommandExecutionError as err:
        raise Failed(f"the key of the webhook does not open: {err}") from err
    if key is None or len(key) < LEAST_KEY:
        raise Failed("the webhook has no key; run salt-run eos.webhook_key, and give it the same")
    heal_webhook.send(
        channel.url, key.encode(), message, now, channel.ca or None, channel.within
    )  # fmt: skip


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
