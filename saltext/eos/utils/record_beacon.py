"""What beacons share whose records the master acknowledges: configuration, life and sending."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from saltext.eos.utils import record_store, validate
from saltext.eos.utils.mask import plain
from saltext.eos.utils.record_batch import Outbox, Record

# What Salt itself understands in the configuration of every beacon.
SALTS_OWN = ("enabled", "disable_during_state_run", "run_once", "beacon_module", "_beacon_name")

Config = list[dict[str, Any]]
Settings = dict[str, Any]


class Watch(Protocol):
    """What makes the passes of a beacon, and keeps its books."""

    @property
    def boot(self) -> str:
        """Id of this boot of the kernel."""

    @property
    def records(self) -> list[Record]:
        """What is on disk and the master has not acknowledged."""

    @property
    def is_kept(self) -> bool:
        """Whether its books can be written; without that it tells nothing, and is as if gone."""

    def step(self) -> None:
        """Make one pass."""

    def close(self) -> None:
        """Give back what is open."""


class Running(NamedTuple):
    """What stays open between two passes, and the configuration that it was opened with."""

    settings: str
    watch: Watch
    outbox: Outbox


def valid(beacon: str, config: Config, schema: dict[str, Any]) -> tuple[bool, str]:
    """
    Tell Salt whether a configuration can be used.

    :param schema: of its settings as one mapping.
    """
    try:
        found = validate.findings(schema, merged(config))
    except (TypeError, ValueError):
        return False, f"{beacon}: expected a list of settings; see docs/beacons/{beacon}.md"
    if found:
        return False, f"{beacon}: {'; '.join(str(finding) for finding in found)}"
    return True, "Valid beacon configuration"


def step(
    beacon: str,
    context: dict[str, Any],
    opts: dict[str, Any],
    config: Config,
    defaults: Settings,
    opened: Callable[[Path, Settings], Watch],
) -> list[dict[str, Any]]:
    """
    Make one pass and give the batch and the sign of life that are due, if any.

    :param context: what Salt keeps for the beacons between two passes.
    :param opened: makes the watch of the books in a folder; asked again when the settings are
        others.
    """
    settings = {**defaults, **merged(config)}
    text = json.dumps(settings, sort_keys=True)
    running = context.get(beacon)
    if not running or running.settings != text:
        close(beacon, context)
        key = Path(opts["pki_dir"]) / "minion.pem"
        watch = opened(record_store.home(opts, beacon), settings)
        running = Running(text, watch, Outbox(beacon, opts["id"], key))
        context[beacon] = running
    running.watch.step()
    now, boot = time.monotonic(), running.watch.boot
    events = [running.outbox.due(running.watch.records, boot, now)]
    if running.watch.is_kept:
        events.append(running.outbox.beat(boot, now, time.time()))
    return [event for event in events if event]


def close(beacon: str, context: dict[str, Any]) -> None:
    """Give files, sockets and children back; the books stay on disk."""
    running = context.pop(beacon, None)
    if running:
        running.watch.close()


def merged(config: Config) -> Settings:
    """Give the settings of a beacon as one mapping, without what is Salt's own."""
    settings: Settings = {}
    for entry in plain(config):
        settings.update(entry)
    return {name: value for name, value in settings.items() if name not in SALTS_OWN}
