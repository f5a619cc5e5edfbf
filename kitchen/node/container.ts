import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { docker } from '../host/engine.ts'
import { attempt, type Outcome, run } from '../run/command.ts'
import { Failure } from '../run/failure.ts'
import { step } from '../run/progress.ts'
import { LABEL, settings } from '../settings.ts'
import type { Topology, TopologyNode } from '../topology.ts'

const BOOT_SECONDS = 60

/** The name that nodes call the mirror by. */
export const MIRROR_HOST = 'mirror.eos.test'

/** What everything of this lab is labelled with. */
export const label = `${LABEL}=${settings.name}`
/** The network of this lab. */
export const networkName = `${settings.name}-lab`

/** The name of a node's container. */
export function containerName(node: string): string {
  return `${settings.name}-${node}`
}

/** Makes the lab's network where it is missing. */
export async function needNetwork(topology: Topology): Promise<void> {
  if ((await attempt('docker', ['network', 'inspect', networkName])).code === 0) return
  await docker('network', 'create', '--label', label, '--subnet', topology.network, networkName)
}

/** Starts a node from the image, or starts its stopped container again, and waits until systemd says that it runs. */
export async function needNode(name: string, node: TopologyNode, topology: Topology, image: string): Promise<void> {
  const container = containerName(name)
  const state = await containerState(container)
  if (state === 'running') return
  await step(`starting node ${name}`, async () => {
    if (state === undefined) await docker(...creation(name, node, topology, image))
    else await docker('start', container)
    await untilBooted(name)
  })
}

/** Docker's word for a container's state, or undefined where there is none. */
export async function containerState(container: string): Promise<string | undefined> {
  const outcome = await attempt('docker', ['container', 'inspect', '--format', '{{.State.Status}}', container])
  return outcome.code === 0 ? outcome.stdout.trim() : undefined
}

/** Runs a command on a node that must succeed and returns its standard output. */
export async function onNode(node: string, command: readonly string[], input?: string): Promise<string> {
  return run('docker', execution(node, command, input), input === undefined ? {} : { input })
}

/** Runs a command on a node and returns how it ended. */
export async function attemptOnNode(node: string, command: readonly string[], input?: string): Promise<Outcome> {
  return attempt('docker', execution(node, command, input), input === undefined ? {} : { input })
}

/** Writes a file on a node; missing folders are made. */
export async function writeOnNode(node: string, path: string, content: string): Promise<void> {
  await onNode(node, ['sh', '-c', 'mkdir -p "$(dirname "$0")" && cat > "$0.new" && mv "$0.new" "$0"', path], content)
}

/** Standard input is joined only where there is some: Docker 20.10 can lose the end of an empty one, and the command then waits for ever. */
function execution(node: string, command: readonly string[], input: string | undefined): readonly string[] {
  return ['exec', ...(input === undefined ? [] : ['-i']), containerName(node), ...command]
}

function creation(name: string, node: TopologyNode, topology: Topology, image: string): readonly string[] {
  const container = containerName(name)
  const hosts = Object.entries(topology.nodes).filter(([other]) => other !== name).map(([other, its]) => `${other}:${its.address}`)
  return [
    'run', '--detach', '--name', container, '--hostname', name, '--label', label,
    '--network', networkName, '--ip', node.address,
    ...[`${MIRROR_HOST}:${topology.mirror}`, ...hosts].flatMap((host) => ['--add-host', host]),
    '--cap-add', 'SYS_ADMIN', '--cap-add', 'NET_ADMIN', '--cap-add', 'SYS_PTRACE', '--security-opt', 'seccomp=unconfined',
    '--security-opt', 'apparmor=unconfined', '--cgroupns=host', '--volume', '/sys/fs/cgroup:/sys/fs/cgroup:rw',
    '--tmpfs', '/run:exec', '--tmpfs', '/run/lock', '--tmpfs', '/tmp:exec',
    '--mount', `type=volume,source=${container}-docker,target=/var/lib/docker,volume-label=${label}`,
    ...(existsSync('/dev/kmsg') ? ['--device', '/dev/kmsg', '--cap-add', 'SYSLOG'] : []),
    '--memory', node.memory.replace('iB', '').toLowerCase(),
    '--env', 'container=docker', '--stop-signal', 'SIGRTMIN+3', image, '/lib/systemd/systemd',
  ]
}

async function untilBooted(name: string): Promise<void> {
  let last = ''
  for (const deadline = Date.now() + BOOT_SECONDS * 1000; Date.now() < deadline; ) {
    last = (await attemptOnNode(name, ['systemctl', 'is-system-running'])).stdout.trim()
    if (last === 'running' || last === 'degraded') return
    await sleep(500)
  }
  throw new Failure(
    `node ${name} says ${last || 'nothing'} ${BOOT_SECONDS} s after its start; expected running`,
    `docker logs ${containerName(name)}; then npm run lab -- down and again`,
  )
}
