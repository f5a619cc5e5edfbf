import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'
import { fingerprint } from '../run/fingerprint.ts'
import { step } from '../run/progress.ts'
import { debianBase, inDebian } from './base.ts'

const quiet = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }

/**
 * Returns a folder with the .deb files of Debian's packages and of everything they need beyond the base that nodes run,
 * downloaded once, so that nodes install them without network.
 */
export async function downloadedPackages(names: readonly string[]): Promise<string> {
  const key = fingerprint(await debianBase(), ...names)
  return cached(cachePath('debian', `packages-${key}`), (unfinished) =>
    step(`downloading the Debian packages of ${names.join(', ')} (once)`, () =>
      inDebian(async (root) => {
        await run('chroot', [root, 'apt-get', 'update', '-qq'], { env: quiet })
        await run('chroot', [root, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', '--download-only', ...names], { env: quiet })
        await mkdir(unfinished, { recursive: true })
        const archives = join(root, 'var/cache/apt/archives')
        for (const file of await readdir(archives)) {
          if (file.endsWith('.deb')) await copyFile(join(archives, file), join(unfinished, file))
        }
      }),
    ),
  )
}
