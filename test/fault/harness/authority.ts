import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Certificates of one authority that only these tests know. */
export interface Authority {
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

const NAMES = ['DNS:localhost', 'IP:127.0.0.1', 'DNS:server.global.nomad', 'DNS:client.global.nomad', 'DNS:server.dc1.consul', 'DNS:client.dc1.consul']

/** Makes an authority and one certificate that every server and client of a loopback cluster shares. */
export function makeAuthority(folder: string): Authority {
  const place = (name: string): string => join(folder, name)
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' })
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...curve, '-keyout', place('ca.key'), '-out', place('ca.pem'), '-days', '2', '-subj', '/CN=fault authority')
  openssl('req', ...curve, '-keyout', place('server.key'), '-out', place('server.csr'), '-subj', '/CN=server.global.nomad')
  writeFileSync(place('names'), `subjectAltName=${NAMES.join(',')}\nextendedKeyUsage=serverAuth,clientAuth\n`)
  openssl('x509', '-req', '-in', place('server.csr'), '-CA', place('ca.pem'), '-CAkey', place('ca.key'), '-CAcreateserial', '-out', place('server.pem'), '-days', '2', '-extfile', place('names'))
  return { ca: place('ca.pem'), certificate: place('server.pem'), key: place('server.key') }
}
