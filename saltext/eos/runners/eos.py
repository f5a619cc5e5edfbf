"""
Bring the stack up, and ask how it is: ``salt-run eos.<verb>``.

Verbs that can be steps of an orchestration take ``test`` and return
``{"changes": {...}, "comment": text}``. Each stands in ``saltext/eos/verbs``.
"""

from __future__ import annotations

from saltext.eos.verbs.backtest import backtest
from saltext.eos.verbs.bringing import issue, preflight, secrets
from saltext.eos.verbs.heal_steps import abandon, act, claim, verify
from saltext.eos.verbs.healing import audit, heal, incidents
from saltext.eos.verbs.inbox import bridge, events, replay
from saltext.eos.verbs.notifying import notify_test, webhook_key
from saltext.eos.verbs.stack import explain, plan, status, versions
from saltext.eos.verbs.stopping import freeze, hold, release, resume, suspend, thaw

__virtualname__ = "eos"

VERBS = (
    abandon,
    act,
    audit,
    backtest,
    bridge,
    claim,
    events,
    explain,
    freeze,
    heal,
    hold,
    incidents,
    issue,
    notify_test,
    plan,
    preflight,
    release,
    replay,
    resume,
    secrets,
    status,
    suspend,
    thaw,
    verify,
    versions,
    webhook_key,
)

# Salt's loader leaves out what says that it is of another module.
for _verb in VERBS:
    _verb.__module__ = __name__


def __virtual__():
    return __virtualname__
