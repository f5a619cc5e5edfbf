/** The token that Nomad asks for on a path; tried on 1.11.3 with one capability at a time. */
export function tokenFor(path: string): string {
  if (path.startsWith('/v1/acl/')) return 'a token that Nomad knows'
  return `a token with ${rightFor(path)}`
}

function rightFor(path: string): string {
  if (/^\/v1\/nodes?(\/|\?|$)/.test(path)) return 'node:read'
  if (/^\/v1\/jobs(\?|$)/.test(path)) return `list-jobs in ${namespaceOf(path)}`
  return `read-job in ${namespaceOf(path)}`
}

/** Every right that the source needs, as a message names them. */
export const RIGHTS = 'read-job and list-jobs in every namespace, and node:read'

function namespaceOf(path: string): string {
  const name = new URL(path, 'https://nomad.invalid').searchParams.get('namespace') ?? 'default'
  return name === '*' ? 'every namespace' : `namespace ${name}`
}
