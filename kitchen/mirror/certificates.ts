import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { needOnHost } from '../host/apt.ts'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'
import { fingerprint } from '../run/fingerprint.ts'

const DAYS = '3650'

/** Paths of a server's certificate and key, and of the authority that vouches for it. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
  readonly ca: string
}

/** Returns a certificate for the mirror under its name and address, issued by an authority of this machine's lab. */
export async function mirrorCertificate(host: string, address: string): Promise<Certificate> {
  await needOnHost({ '/usr/bin/openssl': 'openssl' })
  const authority = await mirrorAuthority()
  const folder = await cached(cachePath('keys', `mirror-${fingerprint(authority, host, address)}`), async (unfinished) => {
    await mkdir(unfinished, { recursive: true, mode: 0o700 })
    const at = (file: string): string => join(unfinished, file)
    await writeFile(at('extensions'), `subjectAltName=DNS:${host},IP:${address}\nextendedKeyUsage=serverAuth\n`)
    await openssl('req', '-new', ...newKey, '-keyout', at('key.pem'), '-subj', `/CN=${host}`, '-out', at('request.pem'))
    await openssl(
      'x509', '-req', '-in', at('request.pem'), '-CA', join(authority, 'ca.pem'), '-CAkey', join(authority, 'key.pem'),
      '-days', DAYS, '-extfile', at('extensions'), '-out', at('certificate.pem'),
    )
    await writeFile(at('ca.pem'), await readFile(join(authority, 'ca.pem')))
  })
  return { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem'), ca: join(folder, 'ca.pem') }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const

async function mirrorAuthority(): Promise<string> {
  return cached(cachePath('keys', 'mirror-ca'), async (unfinished) => {
    await mkdir(unfinished, { recursive: true, mode: 0o700 })
    await openssl(
      'req', '-x509', ...newKey, '-keyout', join(unfinished, 'key.pem'), '-out', join(unfinished, 'ca.pem'), '-days', DAYS,
      '-subj', '/CN=Eos lab mirror CA', '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign',
    )
  })
}

async function openssl(...args: readonly string[]): Promise<void> {
  await run('openssl', args)
}
