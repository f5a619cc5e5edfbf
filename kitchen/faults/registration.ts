import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../run/failure.ts'
import { explained, isCarriedOut, since, type Explained } from './healing.ts'
import { consulApi } from './servers.ts'

/** One instance in Consul's catalogue. */
interface Instance {
  readonly Node: string
  readonly ServiceID: string
}

/** Removes a service's instance from the catalogue alone: its agent still has it, and its allocation runs. */
export async function loseRegistration(master: string, service: string): Promise<string> {
  const [one] = await instances(master, service)
  if (one === undefined) throw new Failure(`Consul knows no ${service}; expected an instance to lose`, `npm run lab -- exec ${master} -- salt-run eos.status`)
  await consulApi(master, 'PUT', '/v1/catalog/deregister', { Node: one.Node, ServiceID: one.ServiceID })
  return one.ServiceID
}

/** Whether the catalogue has an instance by this id. */
export async function isRegistered(master: string, service: string, id: string): Promise<boolean> {
  return (await instances(master, service)).some(({ ServiceID }) => ServiceID === id)
}

/** The instances of a service, as the leader's catalogue has them now. */
export async function instances(master: string, service: string): Promise<readonly Instance[]> {
  const found: readonly Instance[] = JSON.parse(await consulApi(master, 'GET', `/v1/catalog/service/${service}?consistent`))
  return found
}

/** A node of the catalogue alone: no agent puts right what stands there. */
const STRANGER = 'eos-fault-stranger'

/** Leaves the registration of an allocation on a node whose agent is gone, as its last check left it; written again, its health changes. */
export async function leaveStale(master: string, service: string, alloc: string, health: 'passing' | 'critical' = 'critical'): Promise<string> {
  const id = `_nomad-task-${alloc}-group-web-${service}-`
  const check = { Node: STRANGER, CheckID: `${id}-check`, Name: 'it answers', Status: health, ServiceID: id }
  await consulApi(master, 'PUT', '/v1/catalog/register', { Node: STRANGER, Address: '192.0.2.1', Service: { ID: id, Service: service, Port: 9 }, Check: check })
  return id
}

/** Takes that node away with all that stands there; content where it is gone. */
export async function removeStale(master: string): Promise<void> {
  await consulApi(master, 'PUT', '/v1/catalog/deregister', { Node: STRANGER })
}

/**
 * Removes a service's instance until healing has it written again. Its agent compares the two every minute or two: where that was first, before
 * the decision or just before its act, it is removed again at once, and so the healer has the whole of the next minute.
 */
export async function loseUntilHealed(master: string, service: string, seconds = 300): Promise<Explained> {
  const from = await since(master)
  const id = await loseRegistration(master, service)
  let found: Explained | undefined
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(500)) {
    const isBack = await isRegistered(master, service, id)
    const line = (await from.lines()).findLast(({ body }) => body['policy'] === 'lost_registration' && typeof body['incident'] === 'string' && JSON.stringify(body).includes(service))
    found = line && (await explained(master, String(line.body['incident'])))
    if (found?.decisions.some((one) => isCarriedOut(one) && one.result?.effects.includes(id) === true) === true) return found
    const isUnderWay = found?.decisions.some(({ result }) => result === null || !('ok' in result)) ?? false
    if (isBack && !isUnderWay) await loseRegistration(master, service)
  }
  throw new Failure(`${service} is not healed within ${seconds} s: ${found?.incident.state ?? 'no incident'}, ${found?.incident.why ?? ''}`, `npm run lab -- exec ${master} -- salt-run eos.incidents policy=lost_registration`)
}

/** Removes a service's instance from the catalogue just after its agent has compared the two, so that it stays away for a minute. */
export async function loseForAMinute(master: string, service: string): Promise<string> {
  await untilCompared(master, service)
  return loseRegistration(master, service)
}

/** Known to the catalogue alone: an agent that compares takes it away, and nothing else does. */
const STRAY = 'eos-fault-stray'

/** Waits until the agent of a service's node compares what it has with the catalogue. */
async function untilCompared(master: string, service: string): Promise<void> {
  const [one] = await instances(master, service)
  if (one === undefined) throw new Failure(`Consul knows no ${service}; expected an instance on some node`, `npm run lab -- exec ${master} -- salt-run eos.status`)
  await consulApi(master, 'PUT', '/v1/catalog/register', { Node: one.Node, SkipNodeUpdate: true, Service: { ID: STRAY, Service: STRAY, Port: 9 } })
  for (const deadline = Date.now() + 180_000; await isRegistered(master, STRAY, STRAY); await sleep(200)) {
    if (Date.now() > deadline) throw new Failure(`${STRAY} is still registered on ${one.Node} after three minutes; expected its agent to compare what it has with the catalogue`, `npm run lab -- exec ${master} -- journalctl -u consul`)
  }
}
