import { defineEvent, type Integer } from '../../schema/index.ts'

/** A token that a component on a host keeps in a file: how long its server still takes it. */
export interface HostToken {
  verb: 'expiring' | 'renewed'
  subject: {
    /** Minion that it is on. */
    minion: string
    /** Component that uses it. */
    component: string
    /** File that it is in. */
    path: string
    /** Server that it is for. */
    service: 'consul' | 'nomad'
  }
  verdict: {
    /** `expiring`: less than the threshold of its lifetime is left. `refused`: its server does not know it any more. `holds`: enough is left, or it does not end. */
    cause: 'expiring' | 'refused' | 'holds'
    /** Percent of its lifetime that is left; null when it is not known, or does not end. */
    left: Integer | null
  }
  change: {
    /** Moment of its end, in UTC; null when it does not end, or is not known. */
    ends: string | null
  }
  links: {
    /** Its accessor, which is no secret; null when its server does not know it. */
    accessor: string | null
  }
}
declare module '../../schema/index.ts' {
  interface Events {
    'host/token': HostToken
  }
}

export default defineEvent<HostToken>({
  tag: 'eos/host/token/{verb}/{subject.component}',
  verbs: {
    expiring: {
      severity: 'critical',
      raised: 'Of the lifetime of a token less than the threshold is left, or its server refuses it.',
      says: '{subject.minion}: the token of {subject.component} for {subject.service} in {subject.path} is {verdict.cause}, ends at {change.ends}',
      advice: 'Run `salt {subject.minion} state.apply eos.{subject.component}`, which proves the token by using it and makes another where it does not work.',
      id: 'h:{subject.minion}:token:{verb}:{mark}',
      settle: '30s',
      example: {
        subject: { minion: 'n1', component: 'sidecar', path: '/etc/eos-sidecar/nomad.token', service: 'nomad' },
        verdict: { cause: 'expiring', left: 22 },
        change: { ends: '2026-12-01T10:00:00Z' },
        links: { accessor: 'b1a4c0de-6a2e-4f5b-9d43-0d7f1c2e3a4b' },
      },
    },
    renewed: {
      severity: 'notice',
      raised: 'A token that was told as expiring or refused has been replaced by one that holds.',
      says: '{subject.minion}: the token of {subject.component} for {subject.service} in {subject.path} holds again',
      id: 'h:{subject.minion}:token:{verb}:{mark}',
      example: {
        subject: { minion: 'n1', component: 'sidecar', path: '/etc/eos-sidecar/nomad.token', service: 'nomad' },
        verdict: { cause: 'holds', left: null },
        change: { ends: null },
        links: { accessor: '0c9d8e7f-1b2a-4c3d-8e5f-6a7b8c9d0e1f' },
      },
    },
  },
})
