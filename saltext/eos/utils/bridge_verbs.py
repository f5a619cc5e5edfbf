"""The runner's verbs over the inbox."""

from __future__ import annotations

import contextlib
import itertools
import sys
import time
from collections.abc import Mapping
from typing import Any

import salt.utils.event
from salt.exceptions import SaltRunnerError

from saltext.eos.utils import asked as asking
from saltext.eos.utils import bridge_fire, bridge_report, bridge_skew, event_line
from saltext.eos.utils.inbox_read import Reader, path_of
from saltext.eos.utils.moments import moment


def events(
    opts: dict[str, Any],
    asked: dict[str, Any],
    limit: Any,
    follow: Any,
    advice: Any,
    others: dict[str, Any],
    evidence: Any = False,
) -> Any:
    """
    Give events, or print them as they come.

    :param others: options that there are not.
    :raises SaltRunnerError: a filter is none, or the inbox cannot be read.
    """
    asking.nothing_else(others, [*asked, "limit", "follow", "advice", "evidence"])
    wanted = bridge_report.conditions(**asked, now=time.time())
    limit, follow = _number("limit", limit), asking.flag("follow", follow)
    advice, evidence = asking.flag("advice", advice), asking.flag("evidence", evidence)
    reader = Reader(path_of(opts))
    as_json = opts.get("output") in ("json", "jsonl") or opts.get("out") in ("json", "jsonl")
    if not as_json and not (asked["tag"] or asked["event"]):
        wanted["hidden"] = "checkpoint"
    # Read before the last row, so that nothing falls between the past and what follows.
    last = reader.last_row()
    past = [one for _, one in reader.events({**wanted, "upto": last}, limit=limit)]
    told = past if as_json else bridge_report.told_once(past)

    def shown(one: dict[str, Any]) -> list[str]:
        if as_json:
            return [bridge_report.dumped(bridge_report.advised(one, advice=advice))]
        memory = _memory(reader, one)
        return event_line.lines(one, advice=advice, evidence=evidence, memory=memory)

    if not follow:
        if as_json:
            return [bridge_report.advised(one, advice=advice) for one in told]
        return [line for one in told for line in shown(one)]
    # Salt turns SIGTERM into SystemExit, and shows a traceback for it; a reader may go away too.
    with contextlib.suppress(SystemExit, BrokenPipeError):
        for one in itertools.chain(told, bridge_report.follow(reader, wanted, last)):
            _print("\n".join(shown(one)))
    return None


def nothing(asked: Mapping[str, Any]) -> str:
    """Say that the inbox has no event that is shown; silence may also be that nobody tells."""
    given = " ".join(f"{name}={value}" for name, value in asked.items() if value is not None)
    return (
        f"the inbox has no event{f' with {given}' if given else ''}; `salt-run eos.bridge` says "
        "whether all that should tell of something does"
    )


def _memory(reader: Reader, one: dict[str, Any]) -> str:
    """Say what the kernel says about the allocation of an event; nothing where it says nothing."""
    about = event_line.explained(one)
    when = one["time"]["occurred"] or one["time"]["observed"]
    found = None if about is None else reader.memory(about[0], when, about[1])
    return "" if found is None else event_line.of_memory(found)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def replay(
    opts: dict[str, Any],
    from_seq: Any,
    epoch: str | None,
    to_seq: Any,
    test: Any,
    others: dict[str, Any],
) -> dict[str, Any]:
    """
    Fire events again; without a number, tell which there are.

    :param others: options that there are not.
    :raises SaltRunnerError: a number is none, or there is nothing to fire.
    """
    asking.nothing_else(others, ["from_seq", "epoch", "to_seq", "test"])
    test = asking.flag("test", test)
    reader = Reader(path_of(opts))
    if from_seq is None:
        known = _known(reader)
        return {"fired": 0, "epochs": reader.epochs(), "comment": f"Name from_seq= of:\n{known}"}
    first, last = _number("from_seq", from_seq), None
    if to_seq is not None:
        last = _number("to_seq", to_seq)
        if last < first:
            raise SaltRunnerError(f"to_seq is {last}; expected {first}, which is from_seq, or more")
    chosen = reader.newest_epoch() if epoch is None else str(epoch)
    if chosen is None:
        raise SaltRunnerError("the inbox has no epoch; expected a sidecar to have sent something")
    count, least, most = reader.span(chosen, first, last)
    if not count:
        upto = "on" if last is None else f"to {last}"
        raise SaltRunnerError(
            f"epoch {chosen} has no event from number {first} {upto}; expected numbers of one of "
            f"these epochs, the newest first:\n{_known(reader)}"
        )
    span = f"{least} to {most} of epoch {chosen}"
    if test:
        return {"fired": 0, "comment": f"{_events(count)}, {span}, would have been fired."}
    fired = 0
    with salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=False) as bus:
        for one in reader.numbered(chosen, least, most):
            try:
                bridge_fire.fired(bus, {**one, "replay": True}, one["tag"])
            except OSError as err:
                raise SaltRunnerError(
                    f"{_events(fired)} of {count} fired again, then: {err}; expected a running "
                    f"master; go on with from_seq={one['seq']}"
                ) from err
            fired += 1
    return {"fired": fired, "comment": f"{_events(fired)}, {span}, fired again."}


def _known(reader: Reader) -> str:
    """Say which numbers can be fired again, a line for each epoch."""
    return "\n".join(
        f"  epoch={one['epoch']} from_seq={one['first']} to_seq={one['last']} "
        f"({_events(one['events'])}; {_whose(one['instance'])}, heard last {moment(one['seen'])})"
        for one in reader.epochs()
    )


def _whose(instance: str | None) -> str:
    return f"sidecar {instance}" if instance else "the engine and the minions"


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count} events"


def bridge(opts: dict[str, Any]) -> dict[str, Any]:
    """Tell how the bridge is."""
    found = bridge_report.report(Reader(path_of(opts)), time.time())
    return {**found, "retcode": 1 if found["problems"] else 0}


def sidecars(opts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the version of each sidecar, and why its facts are not taken where they are not."""
    try:
        streams = Reader(path_of(opts)).streams()
    except SaltRunnerError:
        # No engine has run yet: `eos.bridge` says so.
        return {}
    waiting = bridge_skew.standing(streams, time.time())
    return {
        one["instance"]: {"eos": one["version"], "waits": waiting.get(one["instance"])}
        for one in streams
    }


def _number(name: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise SaltRunnerError(f"{name} is {value!r}; expected a whole number from 1 on")
