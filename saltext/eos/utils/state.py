"""Returns of state functions: four keys, honest changes, one voice."""

from __future__ import annotations

from typing import Any

HIDDEN = "***"


def result(
    name: str, outcome: bool | None, comment: str, changes: dict[str, Any] | None = None
) -> dict[str, Any]:
    """
    Build the return of a state.

    :param outcome: ``True`` as specified, ``None`` would change (test mode), ``False`` failed.
    """
    return {"name": name, "result": outcome, "comment": comment, "changes": changes or {}}


def unchanged(name: str, what: str) -> dict[str, Any]:
    """Say that nothing had to be done."""
    return result(name, True, f"{what} is already as specified.")


def failed(
    name: str, err: Exception | str, changes: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Say why it failed; changes made before stay visible, above all those that it knows of."""
    return result(name, False, str(err), getattr(err, "changes", None) or changes)


def done(name: str, what: str, verb: str, changes: dict[str, Any], *, test: bool) -> dict[str, Any]:
    """
    Say what was done to something, or in test mode what would be.

    :param what: what messages call it; any text, with braces, too.
    :param verb: such as ``created``.
    """
    said = f"{what} {_auxiliary(test=test)} {verb}."
    return result(name, None if test else True, said, changes)


def changed(name: str, comment: str, changes: dict[str, Any], *, test: bool) -> dict[str, Any]:
    """
    Say what changed, or in test mode what would.

    :param comment: a sentence without its verb's auxiliary: ``{0} created`` becomes
        ``has been created`` or ``would have been created``.
    """
    # A name may have braces of its own: the last place is the verb's.
    place = " {0} " if " {0} " in comment else " {} "
    before, _, after = comment.rpartition(place)
    said = f"{before} {_auxiliary(test=test)} {after}"
    return result(name, None if test else True, said, changes)


def _auxiliary(*, test: bool) -> str:
    return "would have been" if test else "has been"
