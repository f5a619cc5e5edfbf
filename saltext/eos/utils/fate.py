"""What became of a write: one that got no answer may be done all the same, and is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from salt.exceptions import CommandExecutionError, SaltInvocationError

from saltext.eos.utils.http import HttpError

Changes = dict[str, dict[str, Any]]
EXPECTED = (CommandExecutionError, SaltInvocationError, ValueError)


class Unproved(CommandExecutionError):
    """
    It was written, or may have been, but nobody has seen that it is as it was wanted.

    :param changes: what was changed all the same.
    """

    def __init__(self, message: str, changes: Changes) -> None:
        super().__init__(message)
        self.changes = changes


class NotKept(CommandExecutionError):
    """
    It is there, but otherwise than it was written.

    :param left: what is not as wanted, with what is there instead as ``old``.
    """

    def __init__(self, message: str, left: Changes) -> None:
        super().__init__(message)
        self.left = left


@contextmanager
def told(
    what: str,
    verb: str,
    changes: Changes,
    left: Callable[[], Changes],
    hide: Callable[[Exception], str] = str,
    *,
    always: bool = False,
) -> Iterator[None]:
    """
    Look what became of a write within the block, when its server does not say.

    :param verb: what is done with ``what``, such as ``created``.
    :param left: asks the server what is not as wanted.
    :param hide: gives the words of an error without secrets.
    :param always: look after each error, because the block writes more than once.
    :raises Unproved: nobody says whether it was done, with as much of it as is seen to be.
    """
    try:
        yield
    except HttpError as err:
        if not err.is_unsure and not always:
            raise
        raise _seen(what, verb, changes, left, (hide, err)) from None


def _seen(
    what: str,
    verb: str,
    changes: Changes,
    left: Callable[[], Changes],
    said: tuple[Callable[[Exception], str], HttpError],
) -> Unproved:
    hide, err = said
    if not changes:
        return Unproved(f"it is not known whether {what} has been {verb}: {hide(err)}", {})
    try:
        open_ = left()
    except EXPECTED as again:
        return Unproved(
            f"it is not known whether {what} has been {verb}: {hide(err)}; and when looked for: "
            f"{hide(again)}",
            {},
        )
    done = {name: both for name, both in changes.items() if name not in open_}
    if not done:
        return Unproved(f"{what} has not been {verb}, as far as can be seen: {hide(err)}", {})
    part = "" if len(done) == len(changes) else f" in part ({', '.join(done)})"
    return Unproved(f"{what} has been {verb}{part}, but {hide(err)}", done)


def proved(
    what: str,
    verb: str,
    changes: Changes,
    look: Callable[[], Any],
    hide: Callable[[Exception], str] = str,
) -> None:
    """
    See that what was written is there.

    :raises Unproved: it is not, or cannot be seen; what has changed is said with it.
    """
    try:
        look()
    except NotKept as err:
        raise Unproved(
            f"{what} has been {verb}, but {hide(err)}", real(changes, err.left)
        ) from None
    except EXPECTED as err:
        raise Unproved(f"{what} has been {verb}, but {hide(err)}", changes) from None


def real(changes: Changes, left: Changes) -> Changes:
    """Give what has changed of what was to be: what is seen beats what was sent."""
    seen = {
        name: both if name not in left else {"old": both["old"], "new": left[name]["old"]}
        for name, both in changes.items()
    }
    return {name: both for name, both in seen.items() if name not in left or _moved(both)}


def _moved(both: dict[str, Any]) -> bool:
    return bool(both["old"] != both["new"])
