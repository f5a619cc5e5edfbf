"""The runner's verbs over the inbox."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import salt.utils.event
from salt.exceptions import SaltRunnerError

from saltext.eos.utils import bridge_report, store
from saltext.eos.utils.inbox import NAME
from saltext.eos.utils.inbox_read import Reader


def path_of(opts: dict[str, Any]) -> Path:
    """Give the inbox that the master's engine was told to keep."""
    for engine in opts.get("engines") or []:
        if isinstance(engine, dict) and "eos_bridge" in engine:
            told = (engine["eos_bridge"] or {}).get("inbox")
            if told:
                return Path(told)
    return store.home(opts) / NAME


def events(opts: dict[str, Any], asked: dict[str, Any], limit: int, follow: bool) -> Any:
    """
    Give events, or print them as they come.

    :raises SaltRunnerError: a filter is none, or the inbox cannot be read.
    """
    wanted = bridge_report.conditions(**asked, now=time.time())
    if limit < 1:
        raise SaltRunnerError(f"limit is {limit}; expected 1 or more")
    reader = Reader(path_of(opts))
    as_json = opts.get("output") in ("json", "jsonl") or opts.get("out") in ("json", "jsonl")
    # Read before the last row, so that nothing falls between the past and what follows.
    last = reader.last_row()
    past = [one for _, one in reader.events({**wanted, "upto": last}, limit=limit)]
    if not follow:
        return (
            past if as_json else [bridge_report.line(one) for one in bridge_report.told_once(past)]
        )
    show = bridge_report.dumped if as_json else bridge_report.line
    for one in past if as_json else bridge_report.told_once(past):
        _print(show(one))
    for one in bridge_report.follow(reader, wanted, last):
        _print(show(one))
    return None


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def replay(
    opts: dict[str, Any], from_seq: Any, epoch: str | None, to_seq: Any, test: bool
) -> dict[str, Any]:
    """
    Fire events again.

    :raises SaltRunnerError: a number is none, or there is nothing to fire.
    """
    first, last = _number("from_seq", from_seq), None
    if to_seq is not None:
        last = _number("to_seq", to_seq)
    reader = Reader(path_of(opts))
    chosen = epoch or reader.newest_epoch()
    if chosen is None:
        raise SaltRunnerError("the inbox has no epoch; expected a sidecar to have sent something")
    found = list(reader.numbered(chosen, first, last))
    if not found:
        raise SaltRunnerError(
            f"epoch {chosen} has no event from number {first} on; `salt-run eos.bridge` shows the "
            "epochs and their last numbers"
        )
    if not test:
        with salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=False) as bus:
            for one in found:
                bus.fire_event({**one, "replay": True}, one["tag"])
    verb = "would have been fired" if test else "have been fired"
    span = f"{found[0]['seq']} to {found[-1]['seq']} of {chosen}"
    return {"fired": 0 if test else len(found), "comment": f"{len(found)} events, {span}, {verb}."}


def bridge(opts: dict[str, Any]) -> dict[str, Any]:
    """Tell how the bridge is."""
    found = bridge_report.report(Reader(path_of(opts)), time.time())
    return {**found, "retcode": 1 if found["problems"] else 0}


def _number(name: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise SaltRunnerError(f"{name} is {value!r}; expected a whole number from 1 on")
