"""What the inbox says to people: one line per event, and how the bridge is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from saltext.eos.events import table
from saltext.eos.utils import asked, bridge_skew, event_line, event_text
from saltext.eos.utils.inbox_read import Reader

SEVERITIES = ("info", "notice", "warning", "critical")
_PAUSE = 0.2
BEHIND = 5_000
DAY = 86_400.0
# A sidecar says every 10 s how it is.
HEARD = 30.0


def advised(envelope: dict[str, Any], *, advice: bool) -> dict[str, Any]:
    """Give an event as it is, with its ``advice`` where that was asked for."""
    return {**envelope, "advice": table.advice(envelope)} if advice else envelope


def told_once(past: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what was told before its quiet time where the settled fact follows."""
    settled = {one["id"] for one in past if one["settled"]}
    return [
        one
        for one in past
        if one["settled"] or one["id"].removesuffix(event_line.UNSETTLED) not in settled
    ]


def conditions(
    tag: Any, event: Any, subject: Any, severity: Any, since: Any, now: float
) -> dict[str, Any]:
    """
    Check what was asked for.

    :raises Unclear: a filter is none.
    """
    if severity is not None and severity not in SEVERITIES:
        raise asked.Unclear(f"severity is {severity!r}; expected {', '.join(SEVERITIES)}")
    if event is not None and event not in table.TABLE:
        raise asked.Unclear(f"event is {event!r}; expected {', '.join(table.TABLE)}")
    if tag is not None and not str(tag).startswith(("eos/", "*", "?", "[")):
        raise asked.Unclear(f"tag is {tag!r}; expected a glob of eos/…, such as 'eos/nomad/*'")
    return {
        "tag": None if tag is None else str(tag),
        "event": event,
        "subject": None if subject is None else str(subject),
        "severities": None if severity is None else SEVERITIES[SEVERITIES.index(severity) :],
        "since": None if since is None else now - asked.span("since", since),
    }


def follow(reader: Reader, wanted: dict[str, Any], after: int) -> Iterator[dict[str, Any]]:
    """Give every event after a row as soon as it is committed; never ends."""
    while True:
        rows = reader.events(wanted, limit=500, after=after)
        for row, envelope in rows:
            after = row
            yield envelope
        if not rows:
            time.sleep(_PAUSE)


def report(reader: Reader, now: float) -> dict[str, Any]:
    """
    Tell how the bridge is.

    :return: ``streams``, ``sources``, ``minions``, ``inbox``, ``gaps``, ``problems``, ``text``.
    """
    streams = [{**one, "age": round(now - one["seen"], 1)} for one in reader.streams()]
    sources = _sources(reader, streams, now)
    minions = [_aged(minion, now) for minion in reader.minions()]
    inbox = reader.totals()
    bus = reader.bus()
    recent = reader.dead_since(now - DAY)
    gaps = reader.gaps()
    problems = [
        *_engine_problems(reader, bus),
        *_stream_problems(streams, now),
        *[
            f"facts of sidecar {instance} wait in its journal: {reason}"
            for instance, reason in bridge_skew.standing(streams, now).items()
        ],
        *[
            f"{one['source']}: {one['degraded']}"
            for one in _standings(streams, now)
            if one["degraded"]
        ],
        *[
            f"nothing was heard from {one['source']} for {round(now - one['since'])} s; nothing "
            "can be concluded from its silence"
            for one in reader.silences()
        ],
        *[
            f"epoch {one['epoch']} lacks {one['missing']} of its numbers {one['from']} to "
            f"{one['to']}; expected all that were acknowledged; report it with the master's log"
            for one in gaps
        ],
        *(
            [
                f"dead letters within a day: {recent}; expected none; read `dead` of `salt-run "
                "eos.bridge --out=json`, and report it if wheel and sidecar are of one version"
            ]
            if recent
            else []
        ),
    ]
    found = {
        "engine": {"running": reader.is_served()},
        "bus": bus,
        "streams": streams,
        "sources": sources,
        "minions": minions,
        "inbox": inbox,
        "gaps": gaps,
        "dead": reader.dead(limit=20),
        "problems": problems,
    }
    return {**found, "text": _text(found)}


def _standings(streams: list[dict[str, Any]], now: float) -> list[dict[str, Any]]:
    """Give what each sidecar said last; an epoch that it has left says nothing any more."""
    newest = {stream["instance"]: stream for stream in streams}
    heard = [
        stream
        for stream in newest.values()
        if stream["role"] == "active" and now - stream["seen"] <= HEARD
    ]
    return [
        {"source": one.get("name"), "degraded": one.get("degraded")}
        for stream in heard
        for one in (stream["status"] or {}).get("standings", ())
        if isinstance(one, dict)
    ]


def _engine_problems(reader: Reader, bus: dict[str, Any]) -> list[str]:
    if reader.is_served() is False:
        return [
            "no engine holds the inbox; expected the master to run eos_bridge; restart the master, "
            "its log has the reason"
        ]
    if bus["behind"] > BEHIND:
        return [f"the bus is {bus['behind']} events behind; expected at most {BEHIND}"]
    return []


def _stream_problems(streams: list[dict[str, Any]], now: float) -> list[str]:
    active = [stream for stream in streams if stream["role"] == "active"]
    if not active:
        return ["no sidecar has ever connected; expected eos-sidecar to run beside the master"]
    newest = max(active, key=lambda stream: stream["seen"])
    age = now - newest["seen"]
    if age <= HEARD:
        return []
    return [
        f"sidecar {newest['instance']} was last heard {round(age)} s ago; expected every 10 s; "
        "look at `systemctl status eos-sidecar`"
    ]


def _sources(reader: Reader, streams: list[dict[str, Any]], now: float) -> list[dict[str, Any]]:
    """Give each source with its last fact, and since when its servers were not heard."""
    facts = {one["source"]: _aged(one, now) for one in reader.sources()}
    active = [stream for stream in streams if stream["role"] == "active" and stream["status"]]
    told = active[-1]["status"].get("standings") if active else None
    for one in told if isinstance(told, list) else ():
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            continue
        known = facts.setdefault(
            one["name"],
            {"source": one["name"], "epoch": None, "idx": None, "at": None, "age": None},
        )
        heard = one.get("heard")
        known["heard"] = round(now - heard / 1000, 1) if isinstance(heard, int) and heard else None
    return [facts[name] for name in sorted(facts)]


def _aged(one: dict[str, Any], now: float) -> dict[str, Any]:
    return {**one, "age": round(now - one["at"], 1)}


def _text(found: dict[str, Any]) -> str:
    inbox = found["inbox"]
    missing = sum(one["missing"] for one in found["gaps"])
    lines = [
        f"inbox     events {inbox['rows']}, dead letters {inbox['dead']}, "
        f"numbers missing {missing}, not fired on the bus yet {found['bus']['behind']}"
    ]
    for stream in {one["instance"]: one for one in found["streams"]}.values():
        depth = (stream["status"] or {}).get("depth", "-")
        lines.append(
            f"sidecar   {stream['instance']} {stream['role']}, epoch {stream['epoch']}, "
            f"number {stream['last_seq']}, {depth} waiting, heard {_ago(stream['age'])}"
        )
    lines += [
        f"source    {one['source']}: index {_known(one['idx'])}, last fact {_ago(one['age'])}"
        + (f", servers heard {_ago(one['heard'])}" if "heard" in one else "")
        for one in found["sources"]
    ]
    lines += [
        f"minion    {one['minion']}: record {one['last_n']}, {one['age']} s ago, "
        f"{one['gaps']} lost, {one['refused']} not believed"
        + (f" (the last: {event_text.shown(one['why'])})" if one["refused"] else "")
        for one in found["minions"]
    ]
    lines += [f"problem   {problem}" for problem in found["problems"]]
    return "\n".join(lines)


def _known(value: Any) -> str:
    return "-" if value is None else str(value)


def _ago(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds} s ago"


def dumped(envelope: dict[str, Any]) -> str:
    """Show an event as one line of JSON."""
    return json.dumps(envelope, ensure_ascii=True, sort_keys=False)
