import { defineEvent, type Integer } from '../schema/index.ts'

/** The bridge about itself: what it lost, what it proved, and that it is there. */
export interface Bridge {
  verb:
    | 'started'
    | 'connected'
    | 'degraded'
    | 'recovered'
    | 'gap'
    | 'gap_unrecoverable'
    | 'epoch'
    | 'checkpoint'
    | 'dead_letter'
    | 'coalesced'
    | 'alarm'
  subject: {
    /** Source it is about: `nomad:<region>`, `consul:<datacenter>`, `kernel:<minion>`, or `bridge` for the sidecar and the engine. */
    source: string
  }
  verdict: {
    /** Why, in one word: `auth`, `watchdog`, `buffer_overrun`, `restart`, `restore`, `disk`, `schema`, … */
    cause: string
    /** One sentence for a person; empty when the cause says it all. */
    detail: string
  }
  change: {
    /** Last raft index before, for gaps and epochs. */
    from: Integer | null
    /** First raft index after. */
    to: Integer | null
    /** How many facts, frames or events it is about. */
    count: Integer
  }
  links: {
    /** Ids of what it is about; at most ten. */
    ids: string[]
  }
}
declare module '../schema/index.ts' {
  interface Events {
    bridge: Bridge
  }
}
