"""Whether an act has worked: fresh and complete views are read until nothing is wrong any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.heal_state import View

EVERY = 2.0


class Gone(CommandExecutionError):
    """Nothing is wrong any more, so there is nothing to be done."""


class Verdict(NamedTuple):
    """Whether it worked, and what was seen last."""

    ok: bool
    says: str


def until_right(
    look: Callable[[], View],
    within: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
) -> Verdict:
    """
    Look until the fault is gone; a view that is not whole says nothing.

    :param look: reads a view, in seconds of ``clock``.
    :param within: how long to look at most; there is always one look.
    """
    begun = clock()
    while True:
        view = look()
        passed = clock() - begun
        if not view.blocked and view.at >= begun and view.thing.wrong is False:
            return Verdict(True, f"verified after {passed:.0f} s: nothing is wrong any more")
        if passed + EVERY > within:
            return Verdict(False, f"not verified within {within:.0f} s: {_seen(view, begun)}")
        sleep(EVERY)


def refuse_unless_same(
    look: Callable[[], View], clock: Callable[[], float], input_: str
) -> None:  # fmt: skip
    """
    Go on only when what was decided on is wrong at this moment, and is what it was.

    :param input_: hash of what was decided on.
    :raises Gone: it is not wrong any more.
    :raises CommandExecutionError: it is another, or that is not known.
    """
    begun = clock()
    view = look()
    if view.blocked or view.at < begun or view.thing.wrong is None:
        raise CommandExecutionError(f"it is not touched: {_seen(view, begun)}")
    if not view.thing.wrong:
        raise Gone("it is not touched: it is not wrong any more")
    if view.red:
        raise CommandExecutionError(f"it is not touched: {view.red} is down, on which all stand")
    if view.thing.input != input_:
        raise CommandExecutionError("it is not touched: it has changed since that was decided")


def _seen(view: View, begun: float) -> str:
    if view.blocked:
        return f"blocked: {view.blocked} did not answer wholly, so what it brought is not known"
    if view.at < begun:
        return "the view is older than the act"
    if view.thing.wrong is None:
        return "whether it is still wrong, its owner does not say"
    return "it is still wrong"
