"""The verb that tries a change of healing over what was recorded."""

from __future__ import annotations

from salt.loader.dunder import __opts__

from saltext.eos.utils import heal_backtest_verb
from saltext.eos.verbs.spoken import shown


def backtest(
    policy=None, since="7d", until=None, settings=None, policies=None, file=None, mode=None,
    **others,
):  # fmt: skip
    """
    Show what changed settings or policies would have done, beside what was done.

    The real pipeline runs over the recorded inbox with a clock of its own. Views of the stack are
    not recorded: each is made again from the facts themselves and from the audit. A row says what
    of it rests on an assumption, and says ``cannot tell`` where facts do not tell it. Whether an
    act would have helped is not known: one that the audit does not have is taken to have helped
    only when the facts say soon after that the fault was over. Nothing is written, and nothing is
    done.

    policy
        Show this policy, or these with commas between; all of them run, because budgets are shared.
    since
        How far back, such as ``12h`` or ``7d``.
    until
        How long ago to end; now when left out.
    settings
        What to change of pillar ``eos:heal``, in the same form.
    policies
        What to change of policies, by name: limits, require, match and so on.
    file
        File on the master with ``settings`` and ``policies`` as YAML.
    mode
        The same as ``settings='{mode: …}'``; modes of single components and jobs stay as the pillar
        has them, and a note names them.
    others
        What is no option; it is refused.

    With ``--out=json`` returns ``{"rows", "same", "totals", "checks", "tokens_left", "notes",
    "changes", "text"}``.

    CLI Example:

    .. code-block:: bash

        salt-run eos.backtest since=7d mode=enforce
        salt-run eos.backtest since=1d settings='{debounce: {least: 1s}, attempts: 2}'
        salt-run eos.backtest policies='{lost_registration: {limits: {attempts: 1}}}'
        salt-run eos.backtest since=7d file=/root/tried.yaml --out=json
    """
    given = {
        "policy": policy, "since": since, "until": until, "settings": settings,
        "policies": policies, "file": file, "mode": mode,
    }  # fmt: skip
    return shown(heal_backtest_verb.backtest, __opts__, given, others)
