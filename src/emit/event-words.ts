/** What stands above the tables of the page of events. */
export const INTRODUCTION = `Every fact that reaches Salt: what raises it, how urgent it is, and what it carries.

    salt-run eos.events                                # the last fifty, one line each
    salt-run eos.events follow=True severity=warning   # what happens from now on
    salt-run eos.events severity=warning advice=True   # with what to do under each line
    salt-run eos.events tag='eos/nomad/alloc/*' since=1h
    salt-run eos.events subject='web/*' since=1d --out=json   # the envelopes themselves
    salt-run eos.bridge                                # whether anything is missing or late

A fact is committed to the master's inbox before anything else happens with it. On the bus it is seen by its tag, for observers only: the bus drops events when it is busy, the inbox does not.`

/** What each severity asks of the person who sees it. */
export const SEVERITIES = {
  critical: 'Look now: something is down, lost, or can no longer be known.',
  warning: 'Look today: something failed and was or will be replaced, or it fails again and again.',
  notice: 'Nothing to do; good to know when something else is wrong.',
  info: 'Nothing to do: the ordinary course of things.',
} as const

/** What every envelope has besides its payload. */
export const ENVELOPE = {
  schema: 'Version of this form: 1.',
  id: 'Names the occurrence. The same however often, from whichever server and over whichever connection it was seen; a consumer that has seen an id has seen the fact.',
  'seq, epoch': 'Number of the fact, counted without gap within its epoch. Whoever has every number up to a `checkpoint` has missed nothing; a new epoch begins with a new journal or when the standby takes over.',
  'event, verb': 'Which declaration it follows, and what happened.',
  tag: 'Tag on the bus.',
  severity: '`critical`, `warning`, `notice` or `info`.',
  origin: '`stream`: seen as it happened. `resync`: found out from lists after a gap. `audit`: found by the regular comparison. `beacon`: told by a minion. `self`: the bridge about itself.',
  replay: 'True when somebody asked for it to be fired again.',
  source: 'Where it was seen: cluster, its epoch and raft index, and the agent that answered. (epoch, index) is ordered, index alone is not.',
  time: '`occurred`: when, by the `clock` of client, server or sidecar; null where the source does not say. `observed`: when the bridge saw it. Clocks differ: never order by them.',
  'subject, verdict, change, links': 'The payload: to whom it happened, what is concluded and how certainly, what changed, and the ids of what belongs to it.',
  related: 'Ids of other events about the same allocation.',
  coalesced: 'How many occurrences it stands for besides itself.',
  settled: 'False while a quiet time runs in which the fact may be taken back.',
  evidence: 'What proves it, such as `nomad:820`.',
} as const
