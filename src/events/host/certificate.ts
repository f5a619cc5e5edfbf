import { defineEvent, type Integer } from '../../schema/index.ts'

/** A certificate of a component on a host: how long it still holds. */
export interface HostCertificate {
  verb: 'expiring' | 'renewed'
  subject: {
    /** Minion that it is on. */
    minion: string
    /** Component that it is for; `tls` for the site's own CA. */
    component: string
    /** File that it is in. */
    path: string
  }
  verdict: {
    /** `expiring`: less than the threshold of its lifetime is left. `expired`: it holds no more. `holds`: enough is left. */
    cause: 'expiring' | 'expired' | 'holds'
    /** Percent of its lifetime that is left; 0 when it has expired. */
    left: Integer
  }
  change: {
    /** Moment of its end, in UTC. */
    ends: string
  }
  links: {
    /** Serial number, in hexadecimal digits. */
    serial: string
  }
}
declare module '../../schema/index.ts' {
  interface Events {
    'host/certificate': HostCertificate
  }
}

export default defineEvent<HostCertificate>({
  tag: 'eos/host/certificate/{verb}/{subject.component}',
  verbs: {
    expiring: {
      severity: 'critical',
      raised: 'Of the lifetime of a certificate less than the threshold is left; once more when it has expired.',
      says: '{subject.minion}: the certificate of {subject.component} in {subject.path} is {verdict.cause}: it ends at {change.ends}, {verdict.left} % of its lifetime is left',
      advice: 'Run `salt-run eos.issue`, which makes a new one, then `salt {subject.minion} state.apply eos.{subject.component}`, which installs it.',
      id: 'h:{subject.minion}:certificate:{verb}:{mark}',
      example: {
        subject: { minion: 'n1', component: 'consul', path: '/etc/eos/tls/consul.pem' },
        verdict: { cause: 'expiring', left: 29 },
        change: { ends: '2027-01-04T09:26:40Z' },
        links: { serial: '5f3a91c20b7d44e8' },
      },
    },
    renewed: {
      severity: 'notice',
      raised: 'A certificate that was told as expiring has been replaced by one that holds.',
      says: '{subject.minion}: the certificate of {subject.component} in {subject.path} was renewed, it ends at {change.ends}',
      id: 'h:{subject.minion}:certificate:{verb}:{mark}',
      example: {
        subject: { minion: 'n1', component: 'consul', path: '/etc/eos/tls/consul.pem' },
        verdict: { cause: 'holds', left: 99 },
        change: { ends: '2028-01-04T09:26:40Z' },
        links: { serial: '7be20d114c9a3f06' },
      },
    },
  },
})
