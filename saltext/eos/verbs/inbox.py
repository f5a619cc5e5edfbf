"""Verbs over the inbox of events."""

from __future__ import annotations

from salt.loader.dunder import __opts__

from saltext.eos.utils import bridge_verbs
from saltext.eos.verbs.spoken import shown, spoken


def events(
    tag=None, event=None, subject=None, severity=None, since=None, limit=50, follow=False,
    advice=False, evidence=False, **others,
):  # fmt: skip
    """
    Show what happened, one line per event, the newest last.

    tag
        Glob of the tag, such as ``eos/nomad/alloc/*``; ``*`` matches ``/`` too.
    event
        Name of the event, such as ``nomad/alloc``.
    subject
        Glob of what follows the verb in the tag.
    severity
        This one and graver: info, notice, warning or critical.
    since
        Span of time, such as ``90s``, ``15m``, ``2h`` or ``1d``.
    limit
        Most events; the newest are shown.
    follow
        Go on showing what happens until interrupted.
    advice
        Say under each warning and critical event what to do about it; with ``--out=json`` as its
        key ``advice``.
    evidence
        Show also what proves each event and what else it belongs to, and ids in full.

    others
        What is no option; it is refused.

    Shows a line for each; with ``--out=json`` the events themselves. The checkpoint that comes
    every minute is shown when it is asked for: with ``event=bridge``, a tag or ``--out=json``.

    CLI Example:

    .. code-block:: bash

        salt-run eos.events since=1h severity=warning
        salt-run eos.events follow=True
        salt-run eos.events severity=critical advice=True
        salt-run eos.events event=nomad/task --out=json
    """
    asked = {"tag": tag, "event": event, "subject": subject, "severity": severity, "since": since}
    found = spoken(
        bridge_verbs.events, __opts__, asked, limit, follow, advice, others, evidence
    )  # fmt: skip
    if not isinstance(found, list):
        return shown(lambda: found)
    # Who names an output gets the list: of events for programs, which are no text, else of lines.
    if "output" in __opts__:
        return found
    # Salt shows a list with a dash before each line.
    text = "\n".join(found) or bridge_verbs.nothing(asked)
    return {"lines": found, "text": text, "outputter": "eos"}


def replay(from_seq=None, epoch=None, to_seq=None, test=False, **others):
    """
    Fire events of the inbox on the bus again, for observers, with ``replay: true``.

    A sidecar numbers its events 1, 2, 3 and so on without a gap, within an epoch such as
    ``n1-5f0a93c2``. A new epoch begins with a new journal and when the other half of a pair takes
    over, so a number alone does not name an event. ``seq`` and ``epoch`` of an event stand in
    ``salt-run eos.events --out=json``.

    from_seq
        Number of the first; when left out, the epochs with their numbers are listed.
    epoch
        Epoch that the numbers belong to; that of the sidecar heard last when left out.
    to_seq
        Number of the last; all that there are when left out.
    test
        Say how many, and fire none.
    others
        What is no option; it is refused.

    CLI Example:

    .. code-block:: bash

        salt-run eos.replay
        salt-run eos.replay from_seq=10400 test=True
        salt-run eos.replay from_seq=1 to_seq=500 epoch=n1-5f0a93c2
    """
    return shown(bridge_verbs.replay, __opts__, from_seq, epoch, to_seq, test, others)


def bridge():
    """
    Show how the bridge is: sidecars, sources, lag, depth, gaps, dead letters, minions.

    Returns ``{"streams", "sources", "minions", "inbox", "gaps", "dead", "problems", "text"}``;
    ends with an error code when there are problems.

    CLI Example:

    .. code-block:: bash

        salt-run eos.bridge --out=eos
    """
    return shown(bridge_verbs.bridge, __opts__)
