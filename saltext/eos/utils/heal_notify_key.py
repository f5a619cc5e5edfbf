"""The key of the webhook: sealed in the master's store, from a file that a person made."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from saltext.eos.utils import asked, sealed
from saltext.eos.utils.heal_notify_settings import KEY

LEAST = 32


def seal(opts: dict[str, Any], file: Any, test: Any, others: dict[str, Any]) -> dict[str, Any]:
    """
    Seal the key in the place of the one before.

    :raises Unclear: the file holds no key.
    :raises CommandExecutionError: it cannot be sealed.
    """
    asked.nothing_else(others, ("file", "test"))
    is_test = asked.flag("test", test)
    if file is None:
        raise asked.Unclear("file is missing; expected file=, the path of a file with the key")
    try:
        key = Path(str(file)).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as err:
        raise asked.Unclear(f"file {file} cannot be read: {err}; expected the key") from err
    if len(key) < LEAST or not key.isascii() or not key.isprintable():
        raise asked.Unclear(
            f"file {file} holds {len(key)} characters; expected at least {LEAST} on one line, such "
            "as `openssl rand -hex 32` makes"
        )
    fingerprint = hashlib.sha256(key.encode()).hexdigest()[:12]
    if sealed.exists(opts, KEY) and sealed.read(opts, KEY) == key:
        return {"changes": {}, "comment": f"The key {fingerprint} is sealed already."}
    if not is_test:
        sealed.replace(opts, KEY, key)
    verb = "would be sealed" if is_test else "is sealed"
    comment = f"The key {fingerprint} {verb}; the receiver needs the same."
    return {"changes": {"webhook key": fingerprint}, "comment": comment}
