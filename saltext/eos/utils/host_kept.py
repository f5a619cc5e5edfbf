"""
What is to run here by the last pillar that could be used, kept beside the books of the beacon.

A pillar that is refused says nothing of what runs: a slip in it must not make anybody blind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import host_form, record_store
from saltext.eos.utils.compiled import compiled
from saltext.eos.utils.host_form import NOTHING, Form, Token

FILE = "form.json"


class Known(NamedTuple):
    """
    What is known of what runs here.

    :param form: what is to run.
    :param refused: why the pillar that the minion has cannot be used; empty where it is used.
    :param is_blind: nothing can be known: it is refused, and none before it was kept.
    """

    form: Form
    refused: str = ""
    is_blind: bool = False


def known(folder: Path, pillar: Mapping[str, Any], minion: str) -> Known:
    """
    Read what is to run here; by the last pillar that could be used where this one is refused.

    :param folder: where the books are.
    :param minion: its id.
    :raises OSError: what is to run cannot be kept.
    """
    try:
        form = host_form.of(compiled(pillar))
    except CommandExecutionError as err:
        why = _refusal(pillar, minion, err)
        if not why:
            # Nothing of the stack runs here, so nothing is missing.
            (folder / FILE).unlink(missing_ok=True)
            return Known(NOTHING)
        before = _read(folder / FILE)
        return Known(before or NOTHING, why, is_blind=before is None)
    if form != _read(folder / FILE):
        record_store.write(folder / FILE, record_store.packed(form._asdict()))
    return Known(form)


def _refusal(pillar: Mapping[str, Any], minion: str, err: CommandExecutionError) -> str:
    """Say why a pillar without a usable form has none; empty where it is meant to have none."""
    errors = pillar.get("_errors")
    if errors:
        return "; ".join(str(one) for one in errors)
    eos = pillar.get("eos")
    if not isinstance(eos, Mapping):
        return ""
    # A master that has lost its ext_pillar gives the stack as it is written, and no error.
    is_of_stack = minion in (eos.get("topology") or {})
    form = eos.get("_compiled")
    if isinstance(form, Mapping) and "objects" in form and "components" not in form:
        # Objects are applied from here, and nothing of the stack runs.
        return ""
    return str(err) if is_of_stack or form is not None else ""


def _read(path: Path) -> Form | None:
    try:
        said = json.loads(path.read_bytes())
        return Form(
            units=dict(said["units"]),
            storage=dict(said["storage"]),
            certificates=dict(said["certificates"]),
            tokens={file: Token(*token) for file, token in said["tokens"].items()},
            vault=None if said["vault"] is None else (said["vault"][0], said["vault"][1]),
            authority=str(said["authority"]),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None
