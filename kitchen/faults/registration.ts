import { Failure } from '../run/failure.ts'
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

/** Leaves a dead allocation's registration in the agent, with a check that nobody answers any more, as Nomad does when it dies at the wrong moment. */
export async function leaveStale(master: string, service: string, alloc: string): Promise<string> {
  const id = `_nomad-task-${alloc}-group-web-${service}-`
  await consulApi(master, 'PUT', '/v1/agent/service/register', { ID: id, Name: service, Port: 9, Check: { TTL: '1s', Status: 'critical' } })
  return id
}

/** Takes away what is left of it; content where it is gone. */
export async function removeStale(master: string, service: string): Promise<void> {
  for (const { ServiceID } of await instances(master, service)) await consulApi(master, 'PUT', `/v1/agent/service/deregister/${ServiceID}`)
}
