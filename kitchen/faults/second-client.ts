import { setTimeout as sleep } from 'node:timers/promises'
import { attemptOnNode, onNode, writeOnNode } from '../node/container.ts'
import { Failure } from '../run/failure.ts'
import { nomad } from './servers.ts'

/** A second Nomad client on the master's node, in a pool of its own, so that no job of the stack lands on it. */
export const SECOND_CLIENT = 'eos-fault-client'
/** The job that runs on it alone. */
export const WAITING_JOB = 'eos-fault-waiting'
/** Its pool. */
export const SPARE = 'spare'
const UNIT = `${SECOND_CLIENT}.service`
const HOME = `/var/tmp/${SECOND_CLIENT}`
const STATUS_SECONDS = 120

const config = (address: string): string =>
  JSON.stringify({
    name: SECOND_CLIENT,
    data_dir: HOME,
    bind_addr: address,
    advertise: { http: address, rpc: address, serf: address },
    ports: { http: 14646, rpc: 14647, serf: 14648 },
    client: { enabled: true, node_pool: SPARE, servers: [`${address}:4647`], options: { 'driver.allowlist': 'raw_exec', 'fingerprint.denylist': 'consul,vault' } },
    plugin: [{ raw_exec: [{ config: [{ enabled: true }] }] }],
    acl: { enabled: true },
    consul: { auto_advertise: false, client_auto_join: false, server_auto_join: false },
    tls: { http: true, rpc: true, ca_file: '/etc/eos/tls/ca.pem', cert_file: '/etc/eos/tls/nomad.pem', key_file: '/etc/eos/tls/nomad.key', verify_server_hostname: true, verify_https_client: false },
  })

/** Starts it and waits until the servers know it as ready. */
export async function startSecondClient(master: string): Promise<void> {
  const address = (await onNode(master, ['jq', '-r', '.bind_addr', '/etc/nomad.d/eos.json'])).trim()
  await writeOnNode(master, `${HOME}.json`, config(address))
  await onNode(master, ['systemd-run', `--unit=${UNIT}`, '--collect', '/usr/bin/nomad', 'agent', '-config', `${HOME}.json`])
  await untilStatus(master, 'ready')
}

/** Takes its life without a word, as a power cut would. */
export async function killSecondClient(master: string): Promise<void> {
  await onNode(master, ['systemctl', 'kill', '--signal=KILL', UNIT])
}

/** Drains it: what runs there has to go. */
export async function drainSecondClient(master: string): Promise<void> {
  const own = await secondClient(master)
  if (own === undefined) throw new Failure(`no node is called ${SECOND_CLIENT}; expected one to drain`, 'start it first')
  await nomad(master, ['node', 'drain', '-enable', '-yes', '-deadline=30s', '-detach', own.ID])
}

/** A job that runs there and may be away for a while: its node is then disconnected, and not down. */
export async function startWaitingJob(master: string): Promise<void> {
  const job = {
    ID: WAITING_JOB,
    Name: WAITING_JOB,
    Datacenters: ['*'],
    NodePool: SPARE,
    TaskGroups: [
      {
        Name: 'web',
        Disconnect: { LostAfter: 600_000_000_000, Replace: false },
        Tasks: [{ Name: 'main', Driver: 'raw_exec', Config: { command: '/bin/sleep', args: ['900'] }, Resources: { CPU: 20, MemoryMB: 16 } }],
      },
    ],
  }
  await nomad(master, ['job', 'run', '-json', '-'], JSON.stringify({ Job: job }))
}

/** Removes what is left of it: process, data, and its entry among the nodes. */
export async function removeSecondClient(master: string): Promise<void> {
  await attemptOnNode(master, ['systemctl', 'kill', '--signal=KILL', UNIT])
  const own = await secondClient(master)
  if (own !== undefined) await nomad(master, ['system', 'gc'])
  if (own !== undefined) await nomad(master, ['operator', 'api', '-X', 'PUT', `/v1/node/${own.ID}/purge`])
  await onNode(master, ['sh', '-c', `cut -d' ' -f2 /proc/mounts | grep '^${HOME}/' | xargs --no-run-if-empty umount --lazy`])
  await onNode(master, ['rm', '-rf', HOME, `${HOME}.json`])
}

/** Waits until the servers say this of it. */
export async function untilStatus(master: string, wanted: 'ready' | 'down' | 'disconnected'): Promise<void> {
  for (const deadline = Date.now() + STATUS_SECONDS * 1000; Date.now() < deadline; await sleep(500)) {
    if ((await secondClient(master))?.Status === wanted) return
  }
  throw new Failure(`the second client is not ${wanted} within ${STATUS_SECONDS} s`, `npm run lab -- exec ${master} -- journalctl -u ${UNIT}`)
}

interface Node {
  readonly ID: string
  readonly Name: string
  readonly Status: string
}

async function secondClient(master: string): Promise<Node | undefined> {
  const nodes: readonly Node[] = JSON.parse(await nomad(master, ['operator', 'api', '-X', 'GET', '/v1/nodes']))
  return nodes.find(({ Name }) => Name === SECOND_CLIENT)
}
