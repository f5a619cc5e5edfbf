import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { needOnHost } from '../host/apt.ts'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'
import { fingerprint } from '../run/fingerprint.ts'
import { step } from '../run/progress.ts'
import { builtServer } from '../servers/build.ts'
import { serverNamed } from '../servers/catalogue.ts'
import type { OwnPackage } from './catalogue.ts'

/** The time that every file of a package bears at most; hatchling's own unless the environment says another. */
const EPOCH = process.env['SOURCE_DATE_EPOCH'] ?? '1580601600'

/** One file of a package that is made here. */
export interface PackageFile {
  readonly source: string
  readonly target: string
  readonly mode: number
}

/** What a Debian package is made of. */
export interface PackageParts {
  readonly name: string
  readonly version: string
  readonly files: readonly PackageFile[]
  /** Bodies of the maintainer's scripts; the first line of each is added. */
  readonly scripts?: Readonly<Partial<Record<'postinst' | 'prerm' | 'postrm', string>>>
  /** What it depends on, in Debian's words. */
  readonly depends?: string
  /** What it is, in one line. */
  readonly summary?: string
  /** A name of its content, kept in the field `Eos-Content`: packages of this tree differ while their version does not. */
  readonly content?: string
}

/** Returns the .deb of a server's package, packed where the cache lacks it. */
export async function ownPackage(own: OwnPackage): Promise<string> {
  const server = serverNamed(own.server)
  const binary = await builtServer(server)
  return pack({ name: own.name, version: server.version, files: [{ source: binary, target: own.binary, mode: 0o755 }], scripts: { postinst: afterInstall(own) } })
}

/** Returns a .deb of these parts; the same parts give the same bytes, wherever and whenever they are packed. */
export async function pack(parts: PackageParts): Promise<string> {
  const scripts = Object.entries(parts.scripts ?? {}).map(([name, body]) => ({ name, text: `#!/bin/sh\nset -e\n${body}` }))
  const content = control(parts)
  const key = fingerprint(content, EPOCH, JSON.stringify([scripts, parts.files]))
  return cached(cachePath('packages', `${parts.name}_${parts.version}_${key}_amd64.deb`), (unfinished) =>
    step(`packing ${parts.name} ${parts.version} as a Debian package`, async () => {
      await needOnHost({ '/usr/bin/dpkg-deb': 'dpkg' })
      const root = `${unfinished}.root`
      try {
        await mkdir(join(root, 'DEBIAN'), { recursive: true })
        await writeFile(join(root, 'DEBIAN/control'), content)
        for (const { name, text } of scripts) await writeFile(join(root, 'DEBIAN', name), text)
        for (const file of parts.files) {
          await mkdir(join(root, dirname(file.target)), { recursive: true })
          await copyFile(file.source, join(root, file.target))
        }
        await run('chmod', ['-R', 'u=rwX,go=rX', root])
        for (const { name } of scripts) await chmod(join(root, 'DEBIAN', name), 0o755)
        for (const file of parts.files) await chmod(join(root, file.target), file.mode)
        await run('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z3', '--build', root, unfinished], { env: { SOURCE_DATE_EPOCH: EPOCH } })
      } finally {
        await rm(root, { recursive: true, force: true })
      }
    }),
  )
}

function control({ name, version, depends, summary, content }: PackageParts): string {
  const needs = depends === undefined ? '' : `Depends: ${depends}\n`
  const named = content === undefined ? '' : `Eos-Content: ${content}\n`
  return `Package: ${name}
Version: ${version}-1
Architecture: amd64
Maintainer: Eos <eos@eos.test>
Section: admin
Priority: optional
${needs}Description: ${summary ?? `${name} ${version}, built for the lab`}
${named}`
}

function afterInstall(own: OwnPackage): string {
  if (own.user === undefined) return ''
  const { name, home } = own.user
  const folders = (own.directories ?? []).map((folder) => `install -d -o ${name} -g ${name} -m 0750 ${folder}\n`).join('')
  return `getent passwd ${name} >/dev/null || useradd --system --user-group --home-dir ${home} --no-create-home --shell /bin/false ${name}\n${folders}`
}
