"""A backtest from end to end: two files are read, none is written."""

from __future__ import annotations

import contextlib
import heapq
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from salt.exceptions import SaltRunnerError

from saltext.eos.utils import heal_audit, heal_backtest_compare, heal_retain
from saltext.eos.utils.heal_backtest import Fact, Trial
from saltext.eos.utils.heal_backtest_past import Past, Said
from saltext.eos.utils.heal_backtest_try import Tried
from saltext.eos.utils.heal_report import mode_text
from saltext.eos.utils.heal_state import ACT, WOULD
from saltext.eos.utils.inbox_read import Reader
from saltext.eos.utils.moments import moment

PAGE = 500
# So long before the span facts are taken too, for what is counted, open or cooling down by then.
WARM = 86_400.0
PATIENCE = 2.0
# Where nothing is changed, a decision may be so much later than it was due: it was read first.
LATE = 5.0
Say = Callable[[str], None]


class Span(NamedTuple):
    """From when to when, in seconds since 1970."""

    begin: float
    end: float


def run(
    inbox: Path, healer: Path, tried: Tried, form: Mapping[str, Any], span: Span,
    policies: list[str], say: Say,
) -> dict[str, Any]:  # fmt: skip
    """
    Run a trial over what was recorded, and compare.

    :param inbox: file of the inbox.
    :param healer: file of the healer; there may be none.
    :param form: the compiled form of today.
    :param policies: those to show.
    :param say: shows how far it is, when it takes long.
    :raises SaltRunnerError: a file cannot be read or trusted.
    """
    started = time.monotonic()
    with contextlib.closing(Reader(inbox)) as reader, contextlib.closing(_opened(inbox)) as db:
        notes = _gaps(reader, db, span)
        begin = span.begin - WARM
        with _past(healer, begin, span, notes) as past:
            late = 1.0 if tried.changes else LATE
            trial = Trial(tried.table, tried.settings, past, form, begin, span.begin, late)
            notes += _other_settings(past, tried)
            facts = _facts(db, begin, span.end, _progress(say, started))
            if not tried.changes and past.zero is not None:
                # What was in the inbox already was taken when the healer began.
                zero = past.zero
                facts = (one._replace(at=max(one.at, zero)) for one in facts)
            both: list[Iterable[Fact | Said]] = [past.said, facts]
            trial.run(heapq.merge(*both, key=lambda one: one.at), span.end)
            past.made = [one for one in past.made if one.at >= span.begin]
            found = heal_backtest_compare.compared(trial, past, policies)
    notes += _young(past, span, tried)
    if trial.full and past.first is None:
        notes.append("no audit tells of the budgets before: they were taken to be full")
    found.update(
        {
            "since": span.begin, "until": span.end, "facts": trial.facts,
            "incidents": trial.incidents, "changes": list(tried.changes), "notes": notes,
            "tokens_left": {"was": None, "now": trial.least}, "seconds": round(
                time.monotonic() - started, 1),
        }
    )  # fmt: skip
    found["text"] = "\n".join(_text(found))
    return found


def _other_settings(past: Past, tried: Tried) -> list[str]:
    """Settings of the past are not recorded, but mode and budget of each decision are."""
    found, now = [], tried.settings
    if not set(past.modes) <= {now.mode}:
        told = ", ".join(f"{count} in mode {mode}" for mode, count in sorted(past.modes.items()))
        mode = mode_text(now.mode, {"components": now.components, "jobs": now.jobs})
        found.append(f"decisions of the span: {told}; the trial has mode {mode} all along")
    if not past.buckets <= {(now.bucket_size, now.bucket_every)}:
        told = ", ".join(f"{size} and one each {every:g} s" for size, every in sorted(past.buckets))
        found.append(
            f"budgets of the span: {told}; the trial has {now.bucket_size} and one each "
            f"{now.bucket_every:g} s all along, and other settings of its own"
        )
    return found


def _young(past: Past, span: Span, tried: Tried) -> list[str]:
    """Say of a healer that had just begun that its budgets were empty: what they stop is not it."""
    if past.zero is None or past.zero <= span.begin - tried.settings.bucket_every:
        return []
    return [
        f"the healer began at {moment(past.zero)}, and its budgets are empty then, in the trial "
        "too: of what the check bucket lets wait soon after, an older stack would do more"
    ]


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=10)


@contextlib.contextmanager
def _past(path: Path, begin: float, span: Span, notes: list[str]) -> Iterator[Past]:
    if not path.exists():
        notes.append(f"{path.name} is not there: nothing was decided, and people said nothing")
        yield Past([], begin, span.end)
        return
    with contextlib.closing(_opened(path)) as db:
        try:
            db.execute("BEGIN")
            past = Past(heal_retain.verified(db, path), begin, span.end, span.begin)
            db.execute("COMMIT")
        except (heal_audit.Broken, sqlite3.Error, ValueError, KeyError, TypeError) as err:
            raise SaltRunnerError(
                f"the audit in {path} cannot be trusted: {err}; so nothing can be compared with it"
            ) from err
    if past.first is None:
        notes.append("the audit is empty: the healer has decided nothing yet")
    elif past.first > span.begin:
        notes.append(f"the audit begins at {moment(past.first)}: before, no healer was there")
    yield past


def _facts(
    db: sqlite3.Connection, begin: float, end: float, progress: Callable[[int, float], None]
) -> Iterator[Fact]:
    """Give the facts of a span by row; the clock may have run back, the rows have not."""
    first = db.execute("SELECT min(row) FROM events WHERE received >= ?", (begin,)).fetchone()[0]
    last = db.execute("SELECT max(row) FROM events WHERE received <= ?", (end,)).fetchone()[0]
    if first is None or last is None:
        return
    row, latest, count = first - 1, begin, 0
    while row < last:
        rows = db.execute(
            "SELECT row, received, body FROM events WHERE row > ? AND row <= ? ORDER BY row "
            "LIMIT ?", (row, last, PAGE),
        ).fetchall()  # fmt: skip
        if not rows:
            return
        for row, received, body in rows:
            latest = max(latest, received)
            yield Fact(latest, row, json.loads(body))
        count += len(rows)
        progress(count, latest)


def _gaps(reader: Reader, db: sqlite3.Connection, span: Span) -> list[str]:
    """Say what the inbox lacks of the span: a trial knows nothing of it."""
    notes = []
    first = db.execute("SELECT min(received) FROM events").fetchone()[0]
    if first is None:
        raise SaltRunnerError("the inbox is empty; expected facts to run a trial over")
    if first > span.begin:
        notes.append(f"the inbox begins at {moment(first)}, later than the span")
    notes.extend(
        f"the inbox lacks {gap['missing']} facts of epoch {gap['epoch']} between numbers "
        f"{gap['from']} and {gap['to']}"
        for gap in reader.gaps()
    )
    window = (span.begin, span.end)
    (dead,) = db.execute("SELECT count(*) FROM dead WHERE at BETWEEN ? AND ?", window).fetchone()
    if dead:
        notes.append(f"{dead} dead letters in the span: these facts are not in the trial")
    told = db.execute(
        "SELECT verb, count(*), min(received), max(received) FROM events WHERE event = 'bridge' "
        "AND verb IN ('gap_unrecoverable', 'silent', 'down') AND received BETWEEN ? AND ? "
        "GROUP BY verb", window,
    ).fetchall()  # fmt: skip
    notes.extend(
        f"bridge {verb}, {count} times from {moment(since)} to {moment(until)}: what happened then "
        "may not be in the inbox"
        for verb, count, since, until in told
    )
    return notes


def _progress(say: Say, started: float) -> Callable[[int, float], None]:
    last = started

    def told(count: int, at: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PATIENCE:
            last = now
            say(f"backtest: {count:,} facts, at {moment(at)}, {now - started:.0f} s")

    return told


def _text(found: Mapping[str, Any]) -> list[str]:
    was, now = found["totals"]["was"], found["totals"]["now"]
    said = [f"note: {note}" for note in found["notes"]]
    said += [f"changed: {change}" for change in found["changes"]] or ["changed: nothing"]
    said += heal_backtest_compare.lines(dict(found))
    said.append(
        f"{found['facts']:,} facts, {found['incidents']:,} incidents from "
        f"{moment(found['since'])} to {moment(found['until'])}: {found['same']} as it was, "
        f"{len(found['rows']) + found['left_out']} different, of them "
        f"{found['cannot_tell']} that cannot be told"
    )
    said.append(
        f"acts done: was {was['decided']}, would be {now['decided']}; said only: was "
        f"{was['would']}, would be {now['would']}; notes: was {was['note']}, would be "
        f"{now['note']}"
    )
    least = found["tokens_left"]["now"]
    said += [
        f"budget of what is {words}: at least {least[realm]:.1f} tokens were left"
        for realm, words in ((ACT, "done"), (WOULD, "said only"))
        if realm in least
    ]
    checks = sorted({*found["checks"]["was"], *found["checks"]["now"]})
    if checks:
        told = ", ".join(
            f"{name} {found['checks']['was'].get(name, 0)} -> {found['checks']['now'].get(name, 0)}"
            for name in checks
        )
        said.append(f"incidents that waited, by check: {told}")
    if found["hidden"]:
        said.append(f"{found['hidden']} differences of other policies are not shown")
    return said
