"""Verbs by which people stop healing, and let it go on."""

from __future__ import annotations

from salt.loader.dunder import __opts__

from saltext.eos.utils import heal_stop
from saltext.eos.verbs.spoken import shown


def freeze(what="stack", reason=None, **others):
    """
    Stop all healing at once, until it is thawed; what runs already may end.

    It counts from the moment that the verb has answered, also while the engine is down.

    what
        ``stack``, which is all of it, or one name such as ``node:n1``, ``component:vault`` or
        ``job:web``.
    reason
        Why, for those who come later; mandatory.
    others
        ``for``: span such as ``2h`` after which it ends by itself, 30 days at most; ``sure=True``
        for a name that nothing goes by now. Anything else is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.freeze reason='disks are being changed'
        salt-run eos.freeze node:n1 reason='its disks are being changed' for=4h
    """
    return shown(heal_stop.put, dict(__opts__), "freeze", what, reason, others)


def thaw(what="stack", **others):
    """
    Take a freeze back, and say what was frozen and why.

    what
        ``stack``, or the name that was frozen.
    others
        What is no option; it is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.thaw
    """
    return shown(heal_stop.drop, dict(__opts__), "thaw", what, others)


def suspend(what=None, reason=None, **others):
    """
    Leave one thing alone for a time; its incidents wait, and are judged anew after it.

    what
        Such as ``job:web``, ``job:web@apps``, ``component:consul``, ``node:n1``,
        ``policy:lost_registration`` or ``stack``.
    reason
        Why, for those who come later; mandatory.
    others
        ``for``: span such as ``2h``, mandatory, 72 h at most; ``sure=True`` for a name that nothing
        goes by now. Anything else is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.suspend job:web for=2h reason='is being migrated'
    """
    return shown(heal_stop.put, dict(__opts__), "suspend", what, reason, others)


def resume(what=None, **others):
    """
    Take a suspension back before its end.

    what
        The name that was suspended.
    others
        What is no option; it is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.resume job:web
    """
    return shown(heal_stop.drop, dict(__opts__), "resume", what, others)


def hold(what=None, reason=None, **others):
    """
    Let nothing be healed about one thing until a person releases it.

    what
        Such as ``job:web`` or ``component:consul``.
    reason
        Why, for those who come later; mandatory.
    others
        ``sure=True`` for a name that nothing goes by now. Anything else is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.hold job:web reason='its data is being repaired'
    """
    return shown(heal_stop.put, dict(__opts__), "hold", what, reason, others)


def release(what=None, **others):
    """
    Release what is held, by a person or by the healer, is suspect, was contended, or given up.

    A breaker that opened after so many acts on one input is closed: whoever has found the cause
    need not wait for its end. The pause after the last act stays. A name closes the breaker of each
    thing that goes by it, and says of which; where something is held or suspect under that name,
    only this ends.

    what
        The name that is held, suspect or given up; for one thing that is contended or given up its
        hash, or how it begins, as ``eos.status`` shows it.
    others
        ``of``: ``person`` or ``healer``, whose hold is meant where both hold something under that
        name: a person all healing of it, the healer one specification that failed. Anything else is
        refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.release job:web
    """
    return shown(heal_stop.drop, dict(__opts__), "release", what, others)
