"""Verbs about what the healer saw, decided and did."""

from __future__ import annotations

from salt.loader.dunder import __opts__

from saltext.eos.utils import heal_report_incidents
from saltext.eos.verbs.spoken import shown


def incidents(open=False, since=None, policy=None, job=None, **others):  # noqa: A002 - what people type
    """
    Show the incidents: what is or was wrong, what is done about it, or what that waits for.

    open
        Only those that are not over.
    since
        Only those with a fact within this span, such as ``2h`` or ``1d``.
    policy
        Only those of this policy.
    job
        Only those about this Nomad job.
    others
        What is no option; it is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.incidents open=True
        salt-run eos.incidents since=1d job=web --out=json
    """
    return shown(heal_report_incidents.incidents, __opts__, open, since, policy, job, others)
