import { defineComponent, type Default, type Duration, type Integer, type Key, type Port, type Size } from '../schema/index.ts'

/** Application: one entry of `eos:apps`, run as Nomad jobs, with its own database where it asks for one. */
export interface App {
  /** Name of the application, its job, its service and its root. */
  name: Key<string>
  /** Image by digest: `<image>@sha256:<digest>`. */
  image: string
  /** Arguments for the image's program. */
  args?: string[]
  /** How many instances run. */
  count: Default<Integer, 1>
  /** Memory of one instance; above it the kernel kills it. */
  memory: Size
  /** CPU of one instance, in MHz. */
  cpu: Default<Integer, 100>
  /** Port it listens on inside its container; it is told as `PORT`. */
  port: Port
  /** Host name under which the edge serves it; not served when left out. */
  route?: string
  /** Nomad namespace. */
  namespace: Default<string, 'apps'>
  /** Database of its own: a job `<name>-db` with a volume; its address comes as a secret. */
  database?: {
    /** Kind of database. */
    engine: 'postgresql'
    /** Image by digest. */
    image: string
    /** Memory of the database. */
    memory: Size
    /** CPU of the database, in MHz; 100 when left out. */
    cpu?: Integer
    /** Name of the secret with its address; `DATABASE_URL` when left out. */
    variable?: string
  }
  /** Environment of the application. */
  environment: Default<Record<string, string>, {}>
  /** Secrets that are made once and kept in Vault: name, and form. */
  secrets: Default<Record<string, 'password' | 'uuid' | 'base64:32'>, {}>
  /** How it gets its secrets: as files `/secrets/<NAME>` that `<NAME>_FILE` names, or in its environment, where more can see them. */
  secretsAs: Default<'file' | 'environment', 'file'>
  /** How Consul learns that an instance serves. */
  health: {
    /** Path that answers 200. */
    path: string
    /** Pause between two checks; 10s when left out. */
    interval?: Duration
  }
}
declare module '../schema/index.ts' {
  interface Components {
    app: App
  }
}

export default defineComponent<App>({
  on: 'nomad',
  class: 'leaf',
  needs: ['caddy', 'consul', 'foundation', 'nomad', 'terraform', 'vault', 'workload-identity'],
  each: 'app',
  memory: [{ floor: '1MiB', want: '1MiB', burst: '1MiB' }],
  converge: [
    {
      id: 'secrets',
      run: 'eos_kv.generated',
      with: {
        address: { $: 'derive.vault' },
        secret_id: { $: 'workload-identity.terraformSecretId' },
        kept: { $: 'derive.kept' },
        copies: { $: 'derive.copies' },
      },
    },
    {
      id: 'root',
      run: 'eos_terraform.applied',
      with: {
        root: { $: 'each.name' },
        config: { $: 'derive.root' },
        vault: { $: 'derive.vault' },
        secret_id: { $: 'workload-identity.terraformSecretId' },
        confirm: { $: 'derive.confirm' },
      },
    },
  ],
  gate: {
    within: '180s',
    successes: 2,
    apart: '2s',
    probes: [
      {
        by: 'hook',
        hook: 'instances',
        why: 'an instance does not pass its check: read its log with `nomad alloc logs -job <application>`',
      },
      {
        by: 'hook',
        hook: 'route_answers',
        why: 'the edge does not reach it: Caddy is down, or its configuration is older than the application',
      },
    ],
  },
  hooks: ['derive'],
})
