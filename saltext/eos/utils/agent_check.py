"""
A check that Consul's agent makes, and what can be known of one that is there.

The agent shows a check's title, notes, kind, interval and timeout, but not what it asks. A mark at
the end of the notes says for the rest whether it is as it was registered: who registers the check
otherwise writes the notes anew, and the mark is gone.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, diff, forms
from saltext.eos.utils.arguments import named
from saltext.eos.utils.http import Client

TARGETS = {"http": "HTTP", "tcp": "TCP", "udp": "UDP", "grpc": "GRPC", "h2ping": "H2PING"}
_SPAN = {
    "anyOf": [
        {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d))+$"},
        {"type": "number", "minimum": 0},
    ],
    "x-says": "a span of time such as 90s or 1h30m, or a number of seconds",
}
_LINE = {
    "type": "string",
    "pattern": r"^[^\x00-\x1f\x7f]{1,512}$",
    "x-says": "one line of at most 512 characters",
}
_COUNT = {"type": "integer", "minimum": 0}
_ID = named(
    "letters, digits, `.`, `_`, `:` and `-`, at most 128, a letter or digit first", 128, ":._-"
)
SCHEMAS: dict[str, dict[str, Any]] = {
    "name": _ID,
    "title": _LINE,
    "type": {"enum": [*TARGETS, "ttl"]},
    "service": _ID,
    # Who has a password in it reads it in no log.
    "target": {**_LINE, "x-form": "place:target"},
    "interval": _SPAN,
    "timeout": _SPAN,
    "ttl": _SPAN,
    "method": {"enum": ["GET", "HEAD", "POST", "PUT", "OPTIONS"]},
    "tls_server_name": _LINE,
    "notes": {
        "type": "string",
        "pattern": r"^[^\x00]{0,4096}$",
        "x-says": "text of at most 4096 characters",
    },
    "success_before_passing": _COUNT,
    "failures_before_critical": _COUNT,
    "deregister_after": _SPAN,
}
SPANS = ("interval", "timeout", "ttl", "deregister_after")
HIDDEN = {
    "target": None,
    "ttl": "TTL",
    "method": "Method",
    "tls_server_name": "TLSServerName",
    "success_before_passing": "SuccessBeforePassing",
    "failures_before_critical": "FailuresBeforeCritical",
    "deregister_after": "DeregisterCriticalServiceAfter",
}
_HOST = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?/*([^/?#]*).*$", re.DOTALL)
_MARK = re.compile(r"(?:\A| )eos:([0-9a-f]{12})\Z")


def check(wanted: dict[str, Any]) -> None:
    """
    Refuse what does not belong to a kind of check, and what it needs.

    :raises CommandExecutionError: with field, expected and found.
    """
    kind = wanted["type"]
    needed = ("ttl",) if kind == "ttl" else ("target", "interval")
    other = ("target", "interval", "timeout", "method") if kind == "ttl" else ("ttl",)
    for field in needed:
        if wanted.get(field) in (None, ""):
            raise CommandExecutionError(
                f"{field}: expected one, because type is {kind}; found nothing"
            )
    for field in other if kind == "http" else (*other, "method"):
        if wanted.get(field) is not None:
            raise CommandExecutionError(
                f"{field}: expected nothing, because type is {kind}; found "
                f"{'one' if field == 'target' else repr(wanted[field])}"
            )
    if "@" in _HOST.sub(r"\1", wanted.get("target") or "", count=1):
        raise CommandExecutionError(
            "target: expected an address without a name or password before its host, because "
            "everybody who sees the check may guess it; found one with `@`, which is not shown"
        )
    if _MARK.search(wanted.get("notes") or ""):
        raise CommandExecutionError(
            "notes: expected text without a mark of Eos; found one at its end; leave it out"
        )


def settled(wanted: dict[str, Any]) -> dict[str, Any]:
    """Give every span of time in the one spelling."""
    return {
        name: _span(value) if name in SPANS and value is not None else value
        for name, value in wanted.items()
    }


def find(client: Client, name: str) -> dict[str, Any] | None:
    """
    Read a check as the agent has it; ``None`` when there is none of that id.

    :raises CommandExecutionError: the token may not see all of them.
    """
    return next((one for one in every(client) if one["CheckID"] == name), None)


def every(client: Client) -> list[dict[str, Any]]:
    """
    List the checks of the agent.

    :raises CommandExecutionError: the token may not see all of them.
    """
    path = "/v1/agent/checks"
    found = answers.listing(client.get(path), f"GET {path}", "CheckID", "Name", "Type")
    answers.refuse_unseen(client, "the checks of this agent", path)
    return found


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Give what the agent shows of a check, as a state takes it."""
    notes = str(found.get("Notes") or "")
    mark = _MARK.search(notes)
    return {
        "title": found["Name"],
        "type": found["Type"],
        "service": found.get("ServiceID") or None,
        "notes": _MARK.sub("", notes),
        "interval": _read_span(found.get("Interval")),
        "timeout": _read_span(found.get("Timeout")),
        "definition": mark[1] if mark else None,
    }


def compared(wanted: dict[str, Any]) -> dict[str, Any]:
    """Give of what is wanted the parts that can be compared; the rest is one digest."""
    shows = {name: wanted.get(name) for name in ("title", "type", "service", "interval", "timeout")}
    return {**shows, "notes": wanted.get("notes") or "", "definition": digest(wanted)}


def digest(wanted: dict[str, Any]) -> str:
    """Say in twelve characters what the agent does not show; equal for what is equal."""
    told = {name: wanted.get(name) for name in HIDDEN if wanted.get(name) is not None}
    text = json.dumps(told, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def changes(wanted: dict[str, Any], found: dict[str, Any] | None) -> dict[str, Any]:
    """Give what must be written; what the agent reckons itself is not managed when left out."""
    new = compared(wanted)
    old = dict.fromkeys(new) if found is None else shown(found)
    free = ("interval", "timeout") if found is not None else ()
    return {
        field: {"old": old[field], "new": value}
        for field, value in new.items()
        if value != old[field] and not (value is None and field in free)
    }


def left(client: Client, wanted: dict[str, Any]) -> dict[str, Any]:
    """Ask the agent what is not as wanted."""
    return changes(wanted, find(client, wanted["name"]))


def body(wanted: dict[str, Any]) -> dict[str, Any]:
    """Give a check as it is registered; the agent itself goes on to say what it has said."""
    notes, mark = wanted.get("notes") or "", f"eos:{digest(wanted)}"
    sent: dict[str, Any] = {
        "ID": wanted["name"],
        "Name": wanted["title"],
        "ServiceID": wanted.get("service"),
        "Notes": f"{notes} {mark}" if notes else mark,
        "Interval": wanted.get("interval"),
        "Timeout": wanted.get("timeout"),
    }
    sent |= {key: wanted.get(name) for name, key in HIDDEN.items() if key}
    if wanted["type"] in TARGETS:
        sent[TARGETS[wanted["type"]]] = wanted["target"]
        sent["GRPCUseTLS"] = True if wanted["type"] == "grpc" else None
        sent["H2PingUseTLS"] = True if wanted["type"] == "h2ping" else None
    return {name: value for name, value in sent.items() if value not in (None, "")}


def _span(value: Any) -> str:
    nanoseconds = diff.nanoseconds(value) if isinstance(value, str) else value * forms.SECOND
    return forms.span_text(round(nanoseconds))


def _read_span(value: Any) -> str | None:
    if not value:
        return None
    try:
        return _span(value if isinstance(value, (int, float)) else str(value))
    except (OverflowError, ValueError):
        raise CommandExecutionError(
            "the agent tells no span of time for a check; expected one such as 15s; look for "
            "something else at that address"
        ) from None
