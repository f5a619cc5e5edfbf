"""The verb ``eos.backtest``: what people asked for, checked, and the answer."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from saltext.eos.policies import table
from saltext.eos.utils import asked, heal_backtest_run, heal_backtest_try, heal_file, master
from saltext.eos.utils.heal_settings import Refused as SettingsRefused
from saltext.eos.utils.inbox_read import path_of

OPTIONS = ("policy", "since", "until", "settings", "policies", "file", "mode")


def backtest(opts: dict[str, Any], given: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """
    Run changed settings or policies over what was recorded.

    :param given: the options by name.
    :raises Unclear: one of them cannot be meant.
    :raises SaltRunnerError: a file cannot be read or trusted.
    """
    asked.nothing_else(others, OPTIONS)
    now = time.time()
    begin = now - asked.span("since", given["since"])
    end = now if given["until"] is None else now - asked.span("until", given["until"])
    if end <= begin:
        raise asked.Unclear(
            f"until is {given['until']!r} ago; expected less than since, {given['since']!r}"
        )
    form = master.form(opts)
    try:
        tried = heal_backtest_try.tried(
            form.get("heal") or {}, table.TABLE, settings=given["settings"],
            policies=given["policies"], text=_text(given["file"]), mode=given["mode"],
        )  # fmt: skip
    except (heal_backtest_try.Refused, SettingsRefused) as err:
        raise asked.Unclear(str(err)) from err
    chosen = _chosen(given["policy"], tried.table)
    span = heal_backtest_run.Span(begin, end)
    healer = heal_file.path_of(opts)
    return heal_backtest_run.run(path_of(opts), healer, tried, form, span, chosen, _say)


def _text(file: Any) -> str | None:
    if file is None:
        return None
    try:
        return Path(str(file)).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise asked.Unclear(f"file {file} cannot be read: {err}; expected YAML") from err


def _chosen(policy: Any, known: dict[str, dict[str, Any]]) -> list[str]:
    if policy is None:
        return list(known)
    chosen = [one.strip() for one in str(policy).split(",")]
    for one in chosen:
        if one not in known:
            raise asked.Unclear(f"policy is {one!r}; expected one of {', '.join(sorted(known))}")
    return chosen


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
