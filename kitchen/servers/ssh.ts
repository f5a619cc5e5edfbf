import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { downloadedPackages } from '../debian/debian-packages.ts'
import { needOnHost } from '../host/apt.ts'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'
import { fingerprint } from '../run/fingerprint.ts'

/** What of the packages the server needs besides what every machine has. */
const LIBRARY = /^lib(wrap|gssapi|krb5|k5crypto|com_err|keyutils).*\.so\.[0-9]+$/

/** Returns a folder with Debian's SSH server and its libraries, unpacked once: nothing of it is installed, and none runs by itself. */
export async function sshServer(): Promise<string> {
  await needOnHost({ '/usr/bin/ssh': 'openssh-client' })
  const packages = await downloadedPackages(['openssh-server'])
  return cached(cachePath('servers', `sshd-${fingerprint(basename(packages))}`), async (unfinished) => {
    const root = await mkdtemp(join(tmpdir(), 'eos-sshd-'))
    try {
      for (const file of await readdir(packages)) await run('dpkg-deb', ['-x', join(packages, file), root])
      await mkdir(join(unfinished, 'lib'), { recursive: true })
      await copyFile(join(root, 'usr/sbin/sshd'), join(unfinished, 'sshd'))
      for (const file of await readdir(root, { recursive: true })) {
        if (LIBRARY.test(basename(file))) await copyFile(join(root, file), join(unfinished, 'lib', basename(file)))
      }
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  })
}
