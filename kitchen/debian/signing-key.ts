import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needOnHost } from '../host/apt.ts'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'

const OWNER = 'Eos lab repository'

/** The lab's key for its package repository: made on this machine, kept in the cache, never committed. */
export interface SigningKey {
  /** The public key as text, for the machines that install. */
  readonly publicKey: string
  /** Signs a text in the clear. */
  sign(text: string): Promise<string>
}

/** Returns the key, made where this machine has none. */
export async function signingKey(): Promise<SigningKey> {
  await needOnHost({ '/usr/bin/gpg': 'gnupg' })
  const folder = await cached(cachePath('keys', 'repository'), (unfinished) =>
    withKeyring(async (gpg) => {
      await gpg(['--passphrase', '', '--quick-generate-key', OWNER, 'rsa3072', 'sign', 'never'])
      await mkdir(unfinished, { recursive: true, mode: 0o700 })
      await writeFile(join(unfinished, 'secret.asc'), await gpg(['--armor', '--export-secret-keys', OWNER]), { mode: 0o600 })
      await writeFile(join(unfinished, 'public.asc'), await gpg(['--armor', '--export', OWNER]))
    }),
  )
  return {
    publicKey: await readFile(join(folder, 'public.asc'), 'utf8'),
    sign: (text) =>
      withKeyring(async (gpg) => {
        await gpg(['--import', join(folder, 'secret.asc')])
        return gpg(['--armor', '--clearsign', '--digest-algo', 'SHA512'], text)
      }),
  }
}

type Gpg = (args: readonly string[], input?: string) => Promise<string>

/** GnuPG in a short-lived folder: the sockets of its agent do not fit below a long path of a cache. */
async function withKeyring<T>(work: (gpg: Gpg) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'eos-gpg-'))
  const gpg: Gpg = (args, input) => run('gpg', ['--homedir', home, '--batch', '--quiet', '--yes', '--pinentry-mode', 'loopback', ...args], { ...(input === undefined ? {} : { input }) })
  try {
    return await work(gpg)
  } finally {
    await run('gpgconf', ['--homedir', home, '--kill', 'all'])
    await rm(home, { recursive: true, force: true })
  }
}
