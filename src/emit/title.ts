import type { ResourceContract } from '../contract/types.ts'

const SERVICES: { readonly [service: string]: string } = { nomad: 'Nomad', consul: 'Consul', vault: 'Vault' }

/** What an object is called in a sentence: `Nomad namespace`, `Consul ACL policy`. */
export function titleOf(resource: ResourceContract): string {
  const object = objectOf(resource).split('_').map((word) => (word === 'acl' ? 'ACL' : word))
  return [SERVICES[resource.spec.service] ?? resource.spec.service, ...object].join(' ')
}

/** The object's own name, without its service. */
export function objectOf(resource: ResourceContract): string {
  return resource.name.slice(resource.spec.service.length + 1)
}
