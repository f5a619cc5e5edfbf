import { link, mkdir, readdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { needOnHost } from '../host/apt.ts'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'
import { fingerprint } from '../run/fingerprint.ts'
import { step } from '../run/progress.ts'
import { providerPackage } from '../provider/package.ts'
import { nodePackage, sidecarPackage } from '../sidecar/package.ts'
import { debianPackages, ownPackages } from './catalogue.ts'
import { downloadedPackages } from './debian-packages.ts'
import { ownPackage } from './own-package.ts'
import { signingKey } from './signing-key.ts'

/** The suite of the lab's repository; its one component is `main`. */
export const SUITE = 'stable'

/** The lab's Debian repository on this machine. */
export interface Repository {
  /** The folder that the mirror serves. */
  readonly folder: string
  readonly publicKey: string
}

/** Returns the signed repository of every package that nodes install, made where the cache lacks this content. */
export async function repository(): Promise<Repository> {
  const downloaded = await downloadedPackages(debianPackages)
  const packages = (await readdir(downloaded)).map((file) => join(downloaded, file))
  for (const own of ownPackages) packages.push(await ownPackage(own))
  packages.push(await providerPackage(), await nodePackage(), await sidecarPackage())
  const key = await signingKey()
  const name = fingerprint(key.publicKey, ...packages.map((path) => basename(path)).sort())
  const folder = await cached(cachePath('repository', name), (unfinished) =>
    step(`signing a Debian repository of ${packages.length} packages`, async () => {
      await needOnHost({ '/usr/bin/apt-ftparchive': 'apt-utils' })
      const index = join(unfinished, 'dists', SUITE, 'main', 'binary-amd64')
      await mkdir(index, { recursive: true })
      await mkdir(join(unfinished, 'pool'))
      for (const path of packages) await link(path, join(unfinished, 'pool', basename(path)))
      await writeFile(join(index, 'Packages'), await run('apt-ftparchive', ['packages', 'pool'], { cwd: unfinished }))
      const release = await run('apt-ftparchive', [...releaseFields.flatMap((field) => ['-o', `APT::FTPArchive::Release::${field}`]), 'release', '.'], {
        cwd: join(unfinished, 'dists', SUITE),
      })
      await writeFile(join(unfinished, 'dists', SUITE, 'InRelease'), await key.sign(release))
    }),
  )
  return { folder, publicKey: key.publicKey }
}

const releaseFields = [`Origin=Eos lab`, `Suite=${SUITE}`, `Codename=${SUITE}`, 'Architectures=amd64', 'Components=main'] as const
