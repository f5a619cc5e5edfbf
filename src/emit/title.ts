import type { ResourceContract } from '../contract/types.ts'

const SERVICES: { readonly [service: string]: string } = { nomad: 'Nomad', consul: 'Consul', vault: 'Vault' }

/** Words of a name that are written otherwise in a sentence. */
const WRITTEN: { readonly [word: string]: string } = { acl: 'ACL', api: 'API', csi: 'CSI', http: 'HTTP', jwt: 'JWT', kv: 'KV key', tcp: 'TCP' }

/** What an object is called in a sentence: `Nomad namespace`, `Consul ACL policy`. */
export function titleOf(resource: ResourceContract): string {
  const object = objectOf(resource).split('_').map((word) => WRITTEN[word] ?? word)
  return [SERVICES[resource.spec.service] ?? resource.spec.service, ...object].join(' ')
}

/** The object's own name, without its service. */
export function objectOf(resource: ResourceContract): string {
  return resource.name.slice(resource.spec.service.length + 1)
}
