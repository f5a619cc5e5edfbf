"""
Of which hosts nobody hears: what was told of them before may have been taken back since.

Opening a Vault takes a fact for leave, and only another fact takes that leave back. Where none can
come, its absence is no leave.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any

from salt.exceptions import SaltRunnerError

from saltext.eos.utils import inbox_read


def unheard(opts: dict[str, Any], nodes: Collection[str]) -> dict[str, str]:
    """
    Give by node the source that cannot be heard of now, why in brackets; nothing of the others.

    :param opts: options of the master.
    """
    if not nodes:
        return {}
    try:
        reader = inbox_read.Reader(inbox_read.path_of(opts))
    except SaltRunnerError as err:
        return dict.fromkeys(nodes, f"inbox ({err})")
    try:
        if reader.is_served() is False:
            return dict.fromkeys(nodes, "eos_bridge (it does not run, so nobody is heard)")
        silent = {one["source"] for one in reader.silences()}
    except sqlite3.Error as err:
        return dict.fromkeys(nodes, f"inbox ({err})")
    finally:
        reader.close()
    return {
        node: f"host:{node} (its beacon is silent)" for node in nodes if f"host:{node}" in silent
    }
