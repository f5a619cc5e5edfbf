import { defineEvent, type Integer } from '../../schema/index.ts'

/** One instance of a service in Nomad's own catalogue, provider `nomad`. */
export interface NomadService {
  verb: 'registered' | 'deregistered'
  subject: {
    /** Nomad namespace of the service. */
    namespace: string
    /** Name of the service. */
    service: string
    /** Id of the instance. */
    instance: string
    /** Id of the job that it belongs to. */
    job: string
  }
  verdict: {
    /**
     * Why. `new`: it was not there before. `allocation`: its allocation ended. `client`: its client took it out, before a stop or by a change
     * of the job. `node`: its node is gone. `missing`: it is missing in a list, nothing else told of it. `reverted`: the servers were restored.
     */
    cause: 'new' | 'allocation' | 'client' | 'node' | 'missing' | 'reverted'
    /** `proved`: Nomad's own record says so. `inferred`: it follows from lists. */
    confidence: 'proved' | 'inferred'
    /** Tags, joined with commas; empty where there are none. */
    detail: string
  }
  change: {
    /** Address that it is, or was, reached at. */
    address: string
    /** Port that it is, or was, reached at. */
    port: Integer
  }
  links: {
    /** Allocation that it belongs to. */
    alloc: string
    /** Id of the node that it runs on. */
    nodeId: string
  }
}

declare module '../../schema/index.ts' {
  interface Events {
    'nomad/service': NomadService
  }
}

export default defineEvent<NomadService>({
  tag: 'eos/nomad/service/{verb}/{subject.service}',
  verbs: {
    registered: {
      severity: 'info',
      raised: 'An instance is in Nomad’s catalogue that was not known.',
      says: '{subject.service} of {subject.job} is registered at {change.address}:{change.port}',
      id: 'service:{subject.namespace}/{subject.instance}:registered:{mark}',
      example: {
        subject: { namespace: 'default', service: 'web', instance: '_nomad-task-5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11-group-api-web-http', job: 'web' },
        verdict: { cause: 'new', confidence: 'proved', detail: '' },
        change: { address: '10.0.0.2', port: 24001 },
        links: { alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    deregistered: {
      severity: 'notice',
      raised: 'An instance is gone from Nomad’s catalogue; its last record is what is shown.',
      says: '{subject.service} of {subject.job} at {change.address}:{change.port} is deregistered: {verdict.cause}',
      id: 'service:{subject.namespace}/{subject.instance}:deregistered:{mark}',
      example: {
        subject: { namespace: 'default', service: 'web', instance: '_nomad-task-5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11-group-api-web-http', job: 'web' },
        verdict: { cause: 'allocation', confidence: 'proved', detail: '' },
        change: { address: '10.0.0.2', port: 24001 },
        links: { alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
  },
})
