"""What people tell the healer: to stop, to leave something alone, to go on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from salt.exceptions import SaltRunnerError

from saltext.eos.utils import (
    asked,
    heal_claim,
    heal_command,
    heal_file,
    heal_known,
    heal_match,
    heal_report,
    heal_report_breakers,
    heal_status,
    master,
)
from saltext.eos.utils.asked import Unclear
from saltext.eos.utils.asker import asker
from saltext.eos.utils.heal_reader import Reader
from saltext.eos.utils.heal_report_text import indented, span
from saltext.eos.utils.heal_state import Rule
from saltext.eos.utils.moments import moment

LONGEST_REASON = 500
# A longer one is a slip: what shall stay has no end, until it is thawed.
LONGEST_FREEZE = 30 * 86_400.0
DONE = {
    "freeze": "frozen", "suspend": "suspended", "hold": "held", "thaw": "thawed",
    "resume": "resumed", "release": "released",
}  # fmt: skip
BACK = {"freeze": "thaw", "suspend": "resume", "hold": "release"}
# Things that are contended, or given up, are named by how their hash begins.
LEAST_HASH = 8


def put(
    opts: dict[str, Any], verb: str, what: Any, reason: Any, others: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Freeze, suspend or hold something; it is on the disk when this returns.

    :param others: ``for`` and ``sure``; anything else is refused.
    :raises Unclear: it cannot be meant; nothing was written.
    :raises Unusable: the healer's file cannot be trusted, so nothing acts anyway.
    """
    known = ["what", "reason", "sure", *(["for"] if verb != "hold" else [])]
    asked.nothing_else({name: 1 for name in others if name not in ("sure", "for")}, known)
    if verb == "hold" and "for" in others:
        raise Unclear("a hold has no end; expected no for=; for a time there is eos.suspend")
    seconds, words, is_sure = _typed(verb, what, reason, others)
    path, by = heal_file.path_of(opts), asker()
    with contextlib.closing(Reader(path)) as reader:
        name, unchecked = _known(opts, what, reader, is_sure=is_sure)
        before = reader.state.rules.get((heal_command.PUTS[verb], name, ""))
        replaced = None if before is None else heal_report.shown_rule(reader, before)
        running = _running(reader, name)
        masters = _masters_text(reader, verb)
        ends = None if seconds is None else reader.now + seconds
        if before and before.by != by and heal_command.outlasts(before, ends, reader.now):
            raise Unclear(
                f"{name} is {DONE[verb]} by {before.by} for longer than that, and stays so: "
                f"{before.reason}; expected a longer time, or first eos.{BACK[verb]}"
            )
    body = {"verb": verb, "what": name, "reason": words, "seconds": seconds}
    number = heal_claim.tell(path, body, by)
    until = None if seconds is None else moment(time.time() + seconds)
    engine = [*masters, *engine_text(opts)]
    lines = [f"{name} is {DONE[verb]} by {by}."]
    if seconds is not None:
        lines += indented(f"It ends by itself in {span(seconds)}, at {until}.", 0)
    lines += indented(f"Reason: {words}", 0)
    lines += indented(
        "It is on the disk, and nothing about it is decided or claimed from now on. "
        f"`salt-run eos.{BACK[verb]}{_argument(verb, name)}` takes it back.", 0,
    )  # fmt: skip
    if replaced is not None:
        end = f" until {replaced['until']}" if replaced["until"] else ""
        lines += indented(
            f"It takes the place of what {replaced['by']} said{end}: {replaced['reason']}", 0
        )
    for one in running:
        lines += indented(f"Already claimed, and not stopped by this: {one}", 0)
    lines += [*unchecked, *engine]
    return {
        "changes": {name: {"old": _changed(replaced), "new": DONE[verb]}},
        "comment": lines[0], "command": number, "what": name, "by": by, "reason": words,
        "until": until, "replaced": replaced, "running": running, "text": "\n".join(lines),
    }  # fmt: skip


def drop(opts: dict[str, Any], verb: str, what: Any, others: Mapping[str, Any]) -> dict[str, Any]:
    """
    Thaw, resume or release something, and say what that ends.

    :raises Unclear: there is nothing to end; nothing was written.
    :raises Unusable: the healer's file cannot be trusted.
    """
    asked.nothing_else({name: 1 for name in others if name != "of"}, ["what", "of"])
    of = others.get("of")
    if of not in (None, *heal_command.OWNERS):
        raise Unclear(f"of is {of!r}; expected one of {', '.join(heal_command.OWNERS)}")
    if what is None:
        raise Unclear(f"what to {verb} is missing; expected a name, such as job:web")
    path, by = heal_file.path_of(opts), asker()
    with contextlib.closing(Reader(path)) as reader:
        rules = [
            one
            for one in reader.state.rules.values()
            if one.kind in heal_command.DROPS[verb]
            and (one.until is None or reader.now < one.until)
        ]
        is_told = verb == "release" and of != heal_command.OWNERS[0]
        open_ = heal_report_breakers.listed(reader) if is_told else []
        named = heal_report_breakers.under(open_, str(what))
        chosen = str(what) if named else _chosen(verb, str(what), rules, open_)
        found = heal_command.dropped(rules, verb, chosen, of)
        # Whoever means what is held or suspect means that alone.
        left = named if found else []
        closed = [one for one in open_ if one["thing"] == chosen or (one in named and not found)]
        if found or not closed:
            _refuse_unclear(reader, verb, chosen, found)
        ended = [{"kind": one.kind, **heal_report.shown_rule(reader, one)} for one in found]
        masters = _masters_text(reader, verb)
    things = {one["thing"]: one["what"] for one in closed}
    body = {"verb": verb, "what": chosen, **({"of": of} if of else {})}
    body |= {"things": things} if things else {}
    number = heal_claim.tell(path, body, by)
    was = DONE[_put(ended[0]["kind"])] if ended else "given up"
    lines = [f"{_called(chosen)} is {DONE[verb]} by {by}."]
    for one in ended:
        says = f"It was {heal_report.WORDS[one['kind']]} by {one['by']} since {one['since']}"
        lines += indented(f"{says}: {one['reason']}", 0)
    for words in things.values():
        says = "it may be acted on again, after the pause of the last act"
        lines += indented(f"Breaker closed: {words}; {says}.", 0)
    for thing, words in {one["thing"]: one["what"] for one in left}.items():
        says = f"`salt-run eos.release {_called(thing)}` closes it"
        lines += indented(f"Breaker still open: {words}; {says}.", 0)
    lines += indented(
        "What waited because of it is judged anew, with every other check; the engine takes this "
        "back, so it holds until the engine has read it.", 0,
    )  # fmt: skip
    lines += [*masters, *engine_text(opts)]
    return {
        "changes": {chosen: {"old": was, "new": None}},
        "breakers": list(things),
        "comment": lines[0], "command": number, "what": chosen, "by": by, "ended": ended,
        "text": "\n".join(lines),
    }  # fmt: skip


def _refuse_unclear(reader: Reader, verb: str, what: str, found: list[Rule]) -> None:
    """Guess nothing where a person and the healer both say something: each ends by itself."""
    said = {heal_command.owner(one): heal_report.shown_rule(reader, one) for one in found}
    if len(said) > 1:
        words = [f"{one['by']} says {one['reason']!r} (of={name})" for name, one in said.items()]
        raise Unclear(f"to {verb} {what} is not clear: {' and '.join(words)}; expected of=")
    if not found:
        raise Unclear(f"there is nothing to {verb} for {what} of that one; see salt-run eos.status")


def _put(kind: str) -> str:
    return next((verb for verb, one in heal_command.PUTS.items() if one == kind), "hold")


def _changed(replaced: dict[str, Any] | None) -> str | None:
    return None if replaced is None else str(replaced["reason"])


def _argument(verb: str, name: str) -> str:
    """Give what follows the verb that takes it back; a thaw alone is of the stack."""
    return "" if verb == "freeze" and name == heal_known.STACK else f" {name}"


def _typed(
    verb: str, what: Any, reason: Any, others: Mapping[str, Any]
) -> tuple[float | None, str, bool]:
    """
    Read what was typed behind a verb: seconds, reason, and whether a strange name is meant.

    :raises Unclear: with all that is missing or cannot be meant, a line each.
    """
    wrong: list[str] = []
    seconds, words, is_sure = None, "", False
    if what is None:
        wrong.append(f"what to {verb} is missing; expected a name, such as job:web")
    try:
        seconds = _seconds(verb, others.get("for"))
    except Unclear as err:
        wrong.append(str(err))
    try:
        words = _reason(verb, reason)
    except Unclear as err:
        wrong.append(str(err))
        if what is not None and not heal_known.is_name(what):
            wrong.append(f"{heal_known.no_name(what)}; a reason stands behind reason=")
    try:
        is_sure = asked.flag("sure", others.get("sure", False))
    except Unclear as err:
        wrong.append(str(err))
    if wrong:
        raise Unclear("\n".join(wrong))
    return seconds, words, is_sure


def _seconds(verb: str, given: Any) -> float | None:
    if given is None:
        if verb == "suspend":
            raise Unclear("for is missing; expected a span such as for=2h, 72h at most")
        return None
    seconds = asked.span("for", given)
    if verb == "suspend" and seconds > heal_command.LONGEST:
        raise Unclear(
            f"for is {given!r}; expected 72h at most, because a suspension that nobody ends has to "
            "end; what shall stay is for eos.hold"
        )
    if verb == "freeze" and seconds > LONGEST_FREEZE:
        raise Unclear(
            f"for is {given!r}; expected 30d at most; without for= it lasts until eos.thaw"
        )
    return seconds


def _reason(verb: str, reason: Any) -> str:
    words = "" if reason is None else str(reason).strip()
    if not words:
        raise Unclear(f"reason is missing; expected why to {verb}, for those who come later")
    if len(words) > LONGEST_REASON:
        raise Unclear(
            f"reason has {len(words)} characters; expected {LONGEST_REASON} at most"
        )  # fmt: skip
    return words


def _known(
    opts: dict[str, Any], what: Any, reader: Reader, *, is_sure: bool
) -> tuple[str, list[str]]:
    """Give the name that is meant; a stop in an emergency does not need a pillar that compiles."""
    if what == heal_known.STACK:
        return heal_known.STACK, []
    try:
        form: dict[str, Any] | None = master.form(opts)
    except SaltRunnerError as err:
        words = f"The name was not checked, the pillar cannot be compiled: {str(err)[:200]}"
        every = heal_known.names(None, reader.state)
        return heal_known.checked(what, every, is_sure=True), indented(words, 0)
    every = heal_known.names(form, reader.state)
    return heal_known.checked(what, every, is_sure=is_sure), []


def _called(what: str) -> str:
    """Give a name as it is, and of a hash as much as names a thing."""
    return what if heal_known.is_name(what) else what[: heal_report_breakers.SHOWN]


def _chosen(
    verb: str, what: str, rules: list[Rule], given_up: list[dict[str, Any]]
) -> str:  # fmt: skip
    """Give what is meant by a name, or by how the hash of a thing begins."""
    if any(one.what == what for one in rules):
        return what
    things = {one["thing"] for one in given_up}
    if len(what) >= LEAST_HASH:
        hashes = things | {one.what for one in rules if one.kind == "contended"}
        begins = {one for one in hashes if one.startswith(what)}
        if len(begins) == 1:
            return begins.pop()
    held = ", ".join(sorted({one.what for one in rules} | {_called(one) for one in things}))
    raise Unclear(
        f"there is nothing to {verb} for {what}; " + (f"expected one of: {held}" if held else
        f"nothing at all is {DONE[_put(heal_command.DROPS[verb][0])]}")
    )  # fmt: skip


def _running(reader: Reader, what: str) -> list[str]:
    return [
        f"decision {one.id}, {one.action} of "
        f"{heal_match.place({k: v for k, v in one.subject.items() if '.' in k})}"
        for one in reader.state.decisions.values()
        if one.state == "claimed" and what in (*one.names, heal_known.STACK)
    ]


def _masters_text(reader: Reader, verb: str) -> list[str]:
    """Say that it counts on one master alone, where several heal; nothing where there is one."""
    state = reader.state
    if len(state.healers) <= 1:
        return []
    heals = state.lease is None or reader.now < state.lease
    return indented(
        f"The masters of {', '.join(state.healers)} heal, one at a time, and this counts on this "
        f"one alone, which {'heals' if heals else 'stands by'} now: say `eos.{verb}` on each.", 0,
    )  # fmt: skip


def engine_text(opts: dict[str, Any]) -> list[str]:
    """Say what it means that the engine is down; nothing while it turns."""
    path = heal_file.path_of(opts).with_name(heal_status.NAME)
    with contextlib.suppress(OSError, ValueError, TypeError):
        said = heal_status.read(path)
        if said is not None and time.time() - said.at <= heal_status.FRESH:
            return []
    return indented(
        "The engine eos_healer does not turn now: this is recorded, and the engine reads it before "
        "anything else when it starts.", 0,
    )  # fmt: skip
