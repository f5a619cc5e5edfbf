import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generate } from '../../src/command/generate.ts'
import { writeTree } from '../../src/command/tree.ts'
import { Source } from '../../src/read/source.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const COUNT = 200
const ROUNDS = 5
const AIMS = { full: 3, change: 1.2 }
const CHANGED = 'src/components/part100.ts'

/** What one run measures, in milliseconds. */
interface Times {
  readonly load: number
  /** Everything but writing: reading, checking, emitting, comparing with what is there. */
  readonly full: number
  /** The same with nothing there yet, so that every file is written: the disk's speed is in it. */
  readonly first: number
  readonly change: number
}

/**
 * Prints how long a full run and a one-file change take, each as a ratio to merely loading the same files in the same run.
 * Each round is a process of its own, as each `npm run generate` is: a warm compiler would flatter all three.
 */
export function benchGenerate(): void {
  const root = synthetic(COUNT)
  try {
    const rounds = Array.from({ length: ROUNDS }, () => round(root))
    const middle = (key: keyof Times): number => median(rounds.map((times) => times[key]))
    say({ load: middle('load'), full: middle('full'), first: middle('first'), change: middle('change') })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** One full run and one change on a repository; prints its times as JSON. */
export function benchRound(root: string): void {
  const started = performance.now()
  const source = new Source(root)
  const load = performance.now() - started
  write(root, source)
  const full = performance.now() - started
  writeFileSync(join(root, CHANGED), component(100, 'Changed.'))
  const again = performance.now()
  source.refresh([CHANGED])
  write(root, source)
  process.stdout.write(JSON.stringify({ load, full, change: performance.now() - again }))
}

function round(root: string): Times {
  rmSync(join(root, 'generated'), { recursive: true, force: true })
  writeFileSync(join(root, CHANGED), component(100, 'As it was.'))
  const first = inProcess(root).full
  writeFileSync(join(root, CHANGED), component(100, 'As it was.'))
  return { ...inProcess(root), first }
}

function inProcess(root: string): Omit<Times, 'first'> {
  const { stdout, stderr, status } = spawnSync(process.execPath, [fileURLToPath(new URL('run.ts', import.meta.url)), 'round', root], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

function write(root: string, source: Source): void {
  const made = generate(source)
  if (made.problems.length > 0) throw new Error(`the synthetic declarations have problems: ${made.problems.map(({ what }) => what).join('; ')}`)
  writeTree(join(root, 'generated'), made.files)
}

function say({ load, full, first, change }: Times): void {
  const line = (what: string, value: number): string => `${what.padEnd(24)} ${value.toFixed(0).padStart(5)} ms  ratio ${(value / load).toFixed(2)}`
  const judged = (what: string, value: number, aim: number): string => `${line(what, value)}  aim ${aim}${value / load <= aim ? '' : ': missed'}`
  const lines = [
    `${COUNT} declarations, median of ${ROUNDS} processes, Node ${process.versions.node}, ${cpus().length} cores`,
    line('load', load),
    judged('full run', full, AIMS.full),
    line('full run, nothing there', first),
    judged('one-file change', change, AIMS.change),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

/** A repository of synthetic components, each as large as a real one; their needs make a tree. */
function synthetic(count: number): string {
  const root = mkdtempSync(join(tmpdir(), 'eos-bench-'))
  mkdirSync(join(root, 'src/components'), { recursive: true })
  mkdirSync(join(root, 'src/schema'))
  cpSync(join(ROOT, 'src/schema/index.ts'), join(root, 'src/schema/index.ts'))
  cpSync(join(ROOT, 'src/plans'), join(root, 'src/plans'), { recursive: true })
  cpSync(join(ROOT, 'tsconfig.json'), join(root, 'tsconfig.json'))
  for (let index = 0; index < count; index += 1) writeFileSync(join(root, `src/components/part${index}.ts`), component(index, 'As it was.'))
  return root
}

function component(index: number, doc: string): string {
  const name = `part${index}`
  const port = 10_000 + index * 3
  const need = Math.floor((index - 1) / 2)
  return `import { defineComponent, type Default, type Duration, type Port, type Roles, type Secret, type Size } from '../schema/index.ts'

/** Part ${index}: one of many. ${doc} */
export interface Part${index} {
  /** What a node does here. */
  role: Roles<'server' | 'client'>
  /** Datacenter name. */
  datacenter: Default<string, 'dc1'>
  /** API. */
  https: Default<Port, ${port}>
  /** Gossip. */
  serfLan: Default<Port, ${port + 1}>
  /** RPC. */
  server: Default<Port, ${port + 2}>
  /** How much it writes to its journal. */
  logLevel: Default<'warn' | 'info' | 'debug', 'info'>
  /** How long it waits. */
  patience: Default<Duration, '30s'>
  /** How much it keeps. */
  cache: Default<Size, '64MiB'>
  /** Labels. */
  labels?: Record<string, string>
  /** Key of the gossip layer. */
  gossipKey: Secret<'base64:32'>
}
declare module '../schema/index.ts' { interface Components { ${name}: Part${index} } }

export default defineComponent<Part${index}>({
  on: 'host',
  class: 'core',
  needs: [${index > 0 ? `'part${need}'` : ''}],
  packages: ['${name}'],
  unit: '${name}.service',
  user: '${name}',
  identity: { sans: ['localhost', { $text: '{node.id}.${name}' }] },
  ports: { https: 'cluster', serfLan: 'cluster', server: 'cluster' },
  memory: [
    { when: { role: 'server' }, floor: '128MiB', want: '256MiB', burst: '512MiB' },
    { floor: '48MiB', want: '64MiB', burst: '128MiB' },
  ],
  storage: { '/var/lib/${name}': 'local' },
  files: [
    {
      path: '/etc/${name}.d/eos.json', format: 'json', mode: '0640', reload: 'reload',
      data: {
        datacenter: { $: 'datacenter' },
        node_name: { $: 'node.id' },
        bind_addr: { $: 'node.address' },
        addresses: { https: { $text: '127.0.0.1 {node.address}' } },
        retry_join: { $: 'peers.server.address' },
        encrypt: { $: 'gossipKey' },
        log_level: { $: 'logLevel' },
        wait: { $: 'patience' },
        cache: { $: 'cache' },
        labels: { $: 'labels' },
        ports: { http: -1, https: { $: 'https' }, serf_lan: { $: 'serfLan' }, server: { $: 'server' } },
        ${index > 0 ? `before: { $text: 'https://{node.address}:{part${need}.https}' },` : ''}
        tls: { defaults: { verify_incoming: true, verify_outgoing: true } },
      },
    },
    { path: '/etc/${name}.d/server.json', format: 'json', when: { role: 'server' }, reload: 'restart', data: { server: true, bootstrap_expect: { $: 'peers.server.count' } } },
  ],
  converge: [{ id: 'policy', run: 'eos_policy.present', with: { name: '${name}', labels: { $: 'labels' } }, when: { role: 'server' } }],
  gate: {
    within: '60s',
    probes: [
      { by: 'http', port: 'https', get: '/v1/status/leader', isNot: '', why: 'no leader' },
      { by: 'http', port: 'https', get: '/v1/health', field: 'Healthy', is: true, when: { role: 'server' }, why: 'a server is behind' },
    ],
  },
  metrics: { port: 'https', path: '/v1/metrics' },
  backup: { hook: 'snapshot', every: '1h' },
})
`
}
