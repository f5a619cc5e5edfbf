import type { NomadCluster } from '../fault/harness/nomad.ts'
import type { Oracle } from '../fault/harness/oracle.ts'
import type { FakeNomad } from './fake-nomad.ts'

const LISTS = ['/v1/jobs', '/v1/allocations', '/v1/nodes', '/v1/evaluations', '/v1/deployments', '/v1/services', '/v1/namespaces', '/v1/node/pools', '/v1/volumes', '/v1/regions'] as const
const OBJECTS = ['/v1/acl/token/self', '/v1/agent/self', '/v1/status/leader', '/v1/status/peers', '/v1/operator/raft/configuration'] as const
const QUERY = '?namespace=*&task_states=true&resources=false'

/** Fills a double with what a real server answers at this moment: real formats, real names. */
export async function recordInto(fake: FakeNomad, cluster: NomadCluster, oracle: Oracle): Promise<void> {
  for (const path of LISTS) {
    const { status, body } = await cluster.call('GET', path + (path === '/v1/allocations' ? QUERY : path === '/v1/nodes' || path === '/v1/regions' || path === '/v1/namespaces' || path === '/v1/node/pools' ? '' : '?namespace=*'))
    if (status === 200 && Array.isArray(body)) fake.lists.set(path, body.map((row) => JSON.stringify(row)))
  }
  for (const path of OBJECTS) {
    const { status, body } = await cluster.call('GET', path)
    if (status === 200) fake.objects.set(path, JSON.stringify(body))
  }
  fake.index = Math.max(fake.index, ...oracle.seen.map(({ index }) => index))
}
