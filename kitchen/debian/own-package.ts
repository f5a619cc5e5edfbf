import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { needOnHost } from '../host/apt.ts'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'
import { fingerprint } from '../run/fingerprint.ts'
import { step } from '../run/progress.ts'
import { builtServer } from '../servers/build.ts'
import { serverNamed } from '../servers/catalogue.ts'
import type { OwnPackage } from './catalogue.ts'

/** One file of a package that is made here. */
export interface PackageFile {
  readonly source: string
  readonly target: string
  readonly mode: number
}

/** Returns the .deb of a server's package, packed where the cache lacks it. */
export async function ownPackage(own: OwnPackage): Promise<string> {
  const server = serverNamed(own.server)
  const binary = await builtServer(server)
  return pack(own.name, server.version, [{ source: binary, target: own.binary, mode: 0o755 }], afterInstall(own))
}

/** Returns a .deb with these files; `postinst` is the body of the script that runs after its installation. */
export async function pack(name: string, version: string, files: readonly PackageFile[], postinst: string): Promise<string> {
  const content = control(name, version)
  const key = fingerprint(content, postinst, JSON.stringify(files))
  return cached(cachePath('packages', `${name}_${version}_${key}_amd64.deb`), (unfinished) =>
    step(`packing ${basename(name)} ${version} as a Debian package`, async () => {
      await needOnHost({ '/usr/bin/dpkg-deb': 'dpkg' })
      const root = `${unfinished}.root`
      try {
        await mkdir(join(root, 'DEBIAN'), { recursive: true })
        await writeFile(join(root, 'DEBIAN/control'), content)
        await writeFile(join(root, 'DEBIAN/postinst'), `#!/bin/sh\nset -e\n${postinst}`)
        await chmod(join(root, 'DEBIAN/postinst'), 0o755)
        for (const file of files) {
          await mkdir(join(root, dirname(file.target)), { recursive: true })
          await copyFile(file.source, join(root, file.target))
          await chmod(join(root, file.target), file.mode)
        }
        await run('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z3', '--build', root, unfinished])
      } finally {
        await rm(root, { recursive: true, force: true })
      }
    }),
  )
}

function control(name: string, version: string): string {
  return `Package: ${name}
Version: ${version}-1
Architecture: amd64
Maintainer: Eos lab <lab@eos.test>
Section: admin
Priority: optional
Description: ${name} ${version}, built for the lab
 Made on this machine from public Go modules; never published.
`
}

function afterInstall(own: OwnPackage): string {
  if (own.user === undefined) return ''
  const { name, home } = own.user
  const folders = (own.directories ?? []).map((folder) => `install -d -o ${name} -g ${name} -m 0750 ${folder}\n`).join('')
  return `getent passwd ${name} >/dev/null || useradd --system --user-group --home-dir ${home} --no-create-home --shell /bin/false ${name}\n${folders}`
}
