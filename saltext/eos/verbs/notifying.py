"""Verbs about who is told of healing."""

from __future__ import annotations

from salt.loader.dunder import __opts__

from saltext.eos.utils import heal_notify_key, heal_notify_try
from saltext.eos.verbs.spoken import shown, spoken


def webhook_key(file=None, test=False, **others):
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


def notify_test(channel=None, test=False, **others):
    """
    Tell those whom ``eos:heal:notify`` and ``eos:heal:webhook`` name that this is a test.

    It goes the way of every notification, at once and once; the exit status is 1 when one of them
    did not take it.

    channel
        Only this one: ``webhook``, or the name of a returner.
    test
        Only say who would be told.
    others
        What is no option; it is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.notify_test
        salt-run eos.notify_test channel=slack
    """
    return shown(heal_notify_try.tell, dict(__opts__), channel, test, others)
