import { defineEvent, type Integer } from '../../schema/index.ts'

/** The systemd unit of a component that runs on a host: whether it runs, as it should. */
export interface HostUnit {
  verb: 'failed' | 'stopped' | 'recovered'
  subject: {
    /** Minion that the unit is on. */
    minion: string
    /** Name of the unit, such as `consul.service`. */
    unit: string
    /** Component whose unit it is, as the compiled pillar names it. */
    component: string
  }
  verdict: {
    /**
     * `gave_up`: systemd starts it no more. `restarts`: systemd starts it again and again, and it does not stay up. `inactive`: it was
     * stopped. `missing`: systemd knows no such unit any more. `runs`: it is up.
     */
    cause: 'gave_up' | 'restarts' | 'inactive' | 'missing' | 'runs'
    /** What systemd says of its last end, such as `exit-code`, `signal`, `oom-kill`, `timeout`; null when it does not say. */
    result: string | null
    /** Exit status or number of the signal of its main process; null when it has none. */
    status: Integer | null
    /** State and sub-state in systemd's words, such as `failed/failed`. */
    state: string
  }
  change: {
    /** Restarts by systemd in this life of the unit. */
    restarts: Integer
    /** Microseconds since 1970 at which systemd saw the state change, as digits. */
    since: string
  }
  links: {
    /** Boot of the host. */
    boot: string
    /** Systemd's own id of this life of the unit; null before its first. */
    invocation: string | null
  }
}
declare module '../../schema/index.ts' {
  interface Events {
    'host/unit': HostUnit
  }
}

export default defineEvent<HostUnit>({
  tag: 'eos/host/unit/{verb}/{subject.unit}',
  verbs: {
    failed: {
      severity: 'critical',
      raised: 'Systemd has given the unit up, or starts it again and again without its staying up.',
      says: '{subject.minion}: unit {subject.unit} of {subject.component} failed ({verdict.cause}, {verdict.result}, status {verdict.status}) after restarts: {change.restarts}',
      advice: 'Read `journalctl -u {subject.unit}` on {subject.minion}. `salt {subject.minion} state.apply eos.{subject.component}` puts its files, its unit and the process right.',
      id: 'h:{subject.minion}:unit:{verb}:{mark}',
      settle: '3s',
      example: {
        subject: { minion: 'n1', unit: 'consul.service', component: 'consul' },
        verdict: { cause: 'gave_up', result: 'exit-code', status: 1, state: 'failed/failed' },
        change: { restarts: 5, since: '1767000160012345' },
        links: { boot: '8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11', invocation: '9d5e0c3f7a1b4c2d8e6f00112233aabb' },
      },
    },
    stopped: {
      severity: 'warning',
      raised: 'The unit is not active although the component is to run here: somebody stopped it, or it is gone. Nothing acts on it.',
      says: '{subject.minion}: unit {subject.unit} of {subject.component} is {verdict.state} ({verdict.cause}), and it should run',
      advice: 'If nobody meant to stop it, run `salt {subject.minion} state.apply eos.{subject.component}`; if somebody did, take the role away from {subject.minion} in the topology.',
      id: 'h:{subject.minion}:unit:{verb}:{mark}',
      settle: '20s',
      example: {
        subject: { minion: 'n1', unit: 'caddy.service', component: 'caddy' },
        verdict: { cause: 'inactive', result: 'success', status: 0, state: 'inactive/dead' },
        change: { restarts: 0, since: '1767000180012345' },
        links: { boot: '8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11', invocation: '9d5e0c3f7a1b4c2d8e6f00112233aabb' },
      },
    },
    recovered: {
      severity: 'notice',
      raised: 'A unit that was told as failed or stopped runs again.',
      says: '{subject.minion}: unit {subject.unit} of {subject.component} runs again',
      id: 'h:{subject.minion}:unit:{verb}:{mark}',
      settle: '5s',
      example: {
        subject: { minion: 'n1', unit: 'consul.service', component: 'consul' },
        verdict: { cause: 'runs', result: 'success', status: null, state: 'active/running' },
        change: { restarts: 0, since: '1767000240012345' },
        links: { boot: '8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11', invocation: '0a1b2c3d4e5f60718293a4b5c6d7e8f9' },
      },
    },
  },
})
