import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { attemptOnNode, containerName, containerState } from '../node/container.ts'
import { cachePath } from '../run/cache.ts'
import { tail } from '../run/command.ts'
import { Failure } from '../run/failure.ts'
import { say } from '../run/progress.ts'
import { settings } from '../settings.ts'
import { readTopology, type Topology } from '../topology.ts'
import { readArguments } from './arguments.ts'

/** A gate's state: waiting when something it needs does not stand, unknown when nobody answers for it. */
export type Gate = 'passed' | 'waiting' | 'failed' | 'unknown'

/** What `status --json` prints. */
export interface Status {
  readonly nodes: readonly { readonly name: string; readonly address: string; readonly roles: readonly string[] }[]
  readonly components: readonly { readonly name: string; readonly node: string; readonly gate: Gate }[]
  readonly apps: readonly { readonly name: string; readonly url: string | null; readonly gate: Gate }[]
  /** Path of the site's CA on this machine; null before the stack has one. */
  readonly ca: string | null
}

/** The runner's answer, of which the lab passes on a part. */
interface Told {
  readonly components: readonly (Status['components'][number] & { readonly observed: string; readonly waits_for: readonly string[] })[]
  readonly apps: readonly (Status['apps'][number] & { readonly observed: string })[]
}

/** Says what stands and what waits, as text or as one JSON object. */
export async function status(args: readonly string[]): Promise<number> {
  const given = readArguments('status', args, ['json'], ['topology'])
  const found = await labStatus(await readTopology(given.value('topology') ?? 'one'))
  if (given.has('json')) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`)
  else tellStatus(found)
  return 0
}

/** Asks the master how everything is, and copies the site's CA to this machine. */
export async function labStatus(topology: Topology): Promise<Status> {
  const { master } = topology
  if ((await containerState(containerName(master))) !== 'running') {
    throw new Failure(`the lab is not up: there is no running container ${containerName(master)}`, 'npm run lab')
  }
  const outcome = await attemptOnNode(master, ['salt-run', '--out=json', '--log-level=quiet', 'eos.status'])
  // 1 says that something needs a person, and what; the rest is told all the same.
  const needsPerson = outcome.code === 1 && outcome.stdout.includes('"needs"')
  if (outcome.code !== 0 && !needsPerson) {
    throw new Failure(`salt-run eos.status ended with ${outcome.code}; expected 0 or 1\n${tail(outcome)}`, `npm run lab -- exec ${master} -- salt-run eos.status`)
  }
  const told: Told = JSON.parse(outcome.stdout)
  return {
    nodes: Object.entries(topology.nodes).map(([name, node]) => ({
      name,
      address: node.address,
      roles: Object.entries(node.roles).flatMap(([component, roles]) => roles.map((role) => `${component}:${role}`)),
    })),
    components: told.components.map(({ name, node, gate }) => ({ name, node, gate })),
    apps: told.apps.map(({ name, url, gate }) => ({ name, url, gate })),
    ca: await copiedCa(master),
  }
}

/** Prints a status for people: what runs, where, and how to reach it. */
export function tellStatus(found: Status): void {
  for (const node of found.nodes) say(`node  ${node.name}  ${node.address}  ${node.roles.join(' ')}`)
  for (const component of found.components) say(`${component.gate.padEnd(8)}${component.name} on ${component.node}`)
  for (const app of found.apps) say(`${app.gate.padEnd(8)}app ${app.name}  ${app.url ?? 'no route'}`)
  const edge = found.nodes.find((node) => node.roles.includes('caddy:edge'))
  const first = found.apps.find((app) => app.url !== null)
  if (found.ca === null || edge === undefined || first?.url === undefined || first.url === null) return
  const host = new URL(first.url).hostname
  say(`try:  curl --cacert ${found.ca} --resolve ${host}:443:${edge.address} ${first.url}`)
}

async function copiedCa(master: string): Promise<string | null> {
  const found = await attemptOnNode(master, ['cat', '/etc/eos/tls/ca.pem'])
  if (found.code !== 0) return null
  const path = cachePath('labs', settings.name, 'ca.pem')
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, found.stdout)
  return path
}
