/** Kinds of objects that are compared. */
export const KINDS = ['namespaces', 'policies', 'keys', 'jobs'] as const
export type Kind = (typeof KINDS)[number]

/** Kinds of which the stand-in provider for OpenTofu has a resource. */
export const TOFU_KINDS = ['namespaces', 'jobs'] as const satisfies readonly Kind[]

/** How many of each kind there are. */
export type Counts = Readonly<Record<Kind, number>>
export const COUNTS: Counts = { namespaces: 100, policies: 100, keys: 100, jobs: 20 }

/** What a tool shall bring about, the same for each: only the names differ, so that no tool meets what another has made. */
export interface Wanted {
  readonly namespaces: readonly { readonly name: string; readonly meta: Readonly<Record<string, string>> }[]
  /** ACL policies of Consul. */
  readonly policies: readonly { readonly name: string; readonly description: string; readonly rules: string }[]
  readonly keys: readonly { readonly name: string; readonly value: string }[]
  readonly jobs: readonly { readonly name: string; readonly jobspec: string }[]
}

/** The objects of some kinds, whose names begin with a prefix. */
export function wanted(prefix: string, kinds: readonly Kind[], counts: Counts = COUNTS): Wanted {
  const named = (kind: Kind): string[] => (kinds.includes(kind) ? Array.from({ length: counts[kind] }, (_, position) => `${prefix}-${kind}-${String(position).padStart(3, '0')}`) : [])
  return {
    namespaces: named('namespaces').map((name) => ({ name, meta: { owner: `team of ${name}`, stage: 'production' } })),
    policies: named('policies').map((name) => ({ name, description: `What ${name} may do`, rules: `service_prefix "${name}" { policy = "write" }\nkey_prefix "${name}/" { policy = "read" }\n` })),
    keys: named('keys').map((name) => ({ name: `${prefix}/${name}`, value: `address of ${name}: 10.0.0.7:8080` })),
    jobs: named('jobs').map((name) => ({ name, jobspec: jobOf(name) })),
  }
}

/** How many objects there are. */
export function sizeOf(objects: Wanted): number {
  return KINDS.reduce((sum, kind) => sum + objects[kind].length, 0)
}

/** A service of one task that sleeps, in the JSON that all tools read: what its start costs is the server's, not the tool's. */
function jobOf(name: string): string {
  return JSON.stringify({
    ID: name,
    Name: name,
    Type: 'service',
    Datacenters: ['*'],
    TaskGroups: [
      {
        Name: 'main',
        Count: 1,
        Update: { MaxParallel: 1, HealthCheck: 'task_states', MinHealthyTime: 0, HealthyDeadline: 300_000_000_000, ProgressDeadline: 600_000_000_000 },
        Tasks: [{ Name: 'sleep', Driver: 'raw_exec', Config: { command: '/bin/sleep', args: ['100000'] }, Resources: { CPU: 1, MemoryMB: 10 } }],
      },
    ],
  })
}
