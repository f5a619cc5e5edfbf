import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { needOnHost } from '../host/apt.ts'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'
import { fingerprint } from '../run/fingerprint.ts'
import { step } from '../run/progress.ts'
import { debianMirror, settings } from '../settings.ts'

/** What every node has before Salt comes: an init system, Python, and the tools that states and people call. */
const packages = [
  'bind9-dnsutils', 'ca-certificates', 'curl', 'dbus', 'gnupg', 'iproute2', 'iputils-ping', 'jq', 'kmod', 'less', 'libcap2-bin',
  'lsof', 'netbase', 'openssl', 'procps', 'psmisc', 'python3', 'python3-venv', 'sqlite3', 'systemd', 'systemd-sysv', 'tzdata', 'udev',
] as const

/** Returns a tar archive of a small Debian system, made by debootstrap once. */
export async function debianBase(): Promise<string> {
  const key = fingerprint(settings.debianSuite, ...packages)
  return cached(cachePath('debian', `base-${key}.tar`), (unfinished) =>
    step('making a small Debian system with debootstrap (about 80 s, once)', async () => {
      await needOnHost({ '/usr/sbin/debootstrap': 'debootstrap' })
      const root = `${unfinished}.root`
      try {
        await mkdir(root, { recursive: true })
        await run('debootstrap', ['--variant=minbase', `--include=${packages.join(',')}`, settings.debianSuite, root, ...debianMirror])
        await rm(join(root, 'var/lib/apt/lists'), { recursive: true, force: true })
        await run('chroot', [root, 'apt-get', 'clean'])
        await writeFile(join(root, 'etc/machine-id'), '')
        await run('tar', ['--numeric-owner', '--one-file-system', '-C', root, '-cf', unfinished, '.'])
      } finally {
        await rm(root, { recursive: true, force: true })
      }
    }),
  )
}

/** Unpacks the base into a folder, lets the work change it, and removes it afterwards. */
export async function inDebian<T>(work: (root: string) => Promise<T>): Promise<T> {
  const base = await debianBase()
  const root = cachePath('debian', `root-${process.pid}-${randomBytes(3).toString('hex')}`)
  await mkdir(root, { recursive: true })
  try {
    await run('tar', ['--numeric-owner', '-C', root, '-xf', base])
    return await work(root)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
