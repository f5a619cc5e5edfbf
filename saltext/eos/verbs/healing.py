"""Verbs about what the healer saw, decided and did."""

from __future__ import annotations

from salt.loader.dunder import __opts__

from saltext.eos.utils import heal_now, heal_report_audit, heal_report_incidents
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


def audit(since=None, verify=False, kind=None, limit=heal_report_audit.MOST, **others):
    """
    Show the audit of healing: what was seen, decided, done and told, one line each, never changed.

    Each line holds the hash of the one before, and is checked as it is read; the exit status is 1
    when one is not what was written. The first such line is named. Without ``since`` all that is
    in the healer's file is checked; while that takes its time, standard error says how far it is.

    since
        Only what is newer than this span, such as ``2h`` or ``7d``.
    verify
        Check the whole of it, and show its last line with its hash, to be noted elsewhere.
    kind
        Only lines of this kind, such as ``decided``, ``would``, ``claim_refused`` or ``rule``.
    limit
        Most lines; the newest are shown.
    others
        What is no option; it is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.audit since=1d
        salt-run eos.audit kind=claim_refused --out=json
        salt-run eos.audit verify=True
    """
    return shown(heal_report_audit.audit, __opts__, since, verify, kind, limit, others)


def heal(test=False, **others):
    """
    Let the healer look at everything that is open now, instead of when it is due.

    It goes through every check as always: nothing is done that would not be done a little later.

    test
        Only say what it would do about each incident, and what would stop it: the same pipeline on
        a copy of its state and a fresh view. Nothing is done and nothing is written.
    others
        What is no option; it is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.heal test=True
        salt-run eos.heal
    """
    return shown(heal_now.heal, dict(__opts__), test, others)
