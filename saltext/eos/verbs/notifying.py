"""Verbs about who is told of healing."""

from __future__ import annotations

from salt.loader.dunder import __opts__

from saltext.eos.utils import heal_notify_key
from saltext.eos.verbs.spoken import spoken


def webhook_key(file, test=False, **others):
    """
    Seal the key with which notifications of the webhook are signed; the receiver has the same.

    It stands neither in pillar nor in the arguments. The file can go afterwards.

    file
        File on the master with the key: at least 32 characters, one line.
    test
        Only say what would be done.
    others
        What is no option; it is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.webhook_key file=/root/webhook.key
    """
    return spoken(heal_notify_key.seal, __opts__, file, test, others)
