"""What healing knows of a name such as ``job:web``: what stops it, and what is open about it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from salt.exceptions import SaltRunnerError

from saltext.eos.policies import table
from saltext.eos.utils import (
    event_line,
    heal_file,
    heal_known,
    heal_report,
    heal_report_incidents,
    master,
)
from saltext.eos.utils.heal_reader import Reader
from saltext.eos.utils.heal_report_text import indented, labelled, span
from saltext.eos.utils.heal_state import CLOSED

# The newest incidents that are over.
PAST = 3


def explain(opts: Mapping[str, Any], name: str) -> dict[str, Any]:
    """
    Tell what a person, or the healer, says of a name, and which incidents go by it.

    :raises Unclear: nothing goes by it, or it is no policy.
    :raises Unusable: the healer's file cannot be trusted.
    """
    with contextlib.closing(Reader(heal_file.path_of(opts))) as reader:
        form = _form(opts)
        every = heal_known.names(form, reader.state)
        name = heal_known.checked(name, every, is_sure=form is None)
        rules = [
            {"kind": heal_report.WORDS[one.kind], **heal_report.shown_rule(reader, one)}
            for one in reader.state.rules.values()
            if one.what == name and (one.until is None or reader.now < one.until)
        ]
        incidents = [
            heal_report_incidents.shown(reader, one)
            for one in reader.incidents()
            if name == heal_known.STACK or name in one["names"]
        ]
    found = {
        "name": name, "policy": _policy(name), "rules": rules,
        "open": [one for one in incidents if one["state"] != CLOSED],
        "past": [one for one in incidents if one["state"] == CLOSED],
    }  # fmt: skip
    return {**found, "text": "\n".join(_text(found))}


def hint(opts: Mapping[str, Any], text: str) -> str:
    """Name what somebody may have meant who left out the kind: ``web`` is ``job:web``."""
    with contextlib.closing(Reader(heal_file.path_of(opts))) as reader:
        every = heal_known.names(_form(opts), reader.state)
    meant = sorted(one for one in every if one.partition(":")[2] == text)
    return f" (did you mean {' or '.join(meant)}?)" if meant else ""


def _form(opts: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        return master.form(dict(opts))
    except SaltRunnerError:
        return None


def _policy(name: str) -> dict[str, Any] | None:
    """Give a policy; None for what is none, or one of an older wheel that a kept rule names."""
    kind, _, rest = name.partition(":")
    found = table.TABLE.get(rest) if kind == "policy" else None
    return None if found is None else dict(found)


def _text(found: Mapping[str, Any]) -> list[str]:
    lines = labelled("name", found["name"])
    if (policy := found["policy"]) is not None:
        lines += labelled("does", f"{policy['act']['do']}, because of {', '.join(policy['on'])}")
        lines += labelled("says", policy["says"])
        lines += labelled("otherwise", policy["otherwise"])
    for one in found["rules"]:
        left = "" if one["left"] is None else f", {span(one['left'])} more"
        reason = event_line.plain(one["reason"])
        lines += labelled(one["kind"], f"by {one['by']} since {one['since']}{left}: {reason}")
    if not found["rules"]:
        lines += labelled("stopped", "by nothing under this very name")
    lines.append("open" if found["open"] else "no incident about it is open")
    for one in found["open"]:
        lines += heal_report_incidents.text(one)
    if found["past"]:
        count = len(found["past"])
        lines += indented(f"over: {count}; the newest {min(count, PAST)}", 0)
        for one in found["past"][-PAST:]:
            lines += heal_report_incidents.text(one)
    return [*lines, "`salt-run eos.explain <id>` tells all about an incident"]
