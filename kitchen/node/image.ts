import { copyFile, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { debianBase, inDebian } from '../debian/base.ts'
import { docker } from '../host/engine.ts'
import { requirementsOf, wheelsOf } from '../python/environments.ts'
import { attempt, run } from '../run/command.ts'
import { fingerprint, fingerprintOf } from '../run/fingerprint.ts'
import { step } from '../run/progress.ts'
import { projectPath } from '../run/project.ts'

const filesPath = projectPath('kitchen', 'node', 'files')

/** Commands of Salt that people and tests type on a node. */
const commands = ['salt', 'salt-call', 'salt-key', 'salt-run', 'salt-cp', 'salt-pip'] as const

/** Units that have nothing to manage in a container. */
const masked = ['systemd-udevd.service', 'systemd-udevd-kernel.socket', 'systemd-udevd-control.socket', 'systemd-logind.service', 'getty@tty1.service', 'console-getty.service'] as const

/** Returns the tag of the image that nodes run: Debian with systemd, and Salt in /opt/salt; built where it is missing. */
export async function nodeImage(salt: string): Promise<string> {
  const wheels = await wheelsOf(`salt-${salt}`)
  const tag = `eos-node:${fingerprint(await debianBase(), wheels, await fingerprintOf(filesPath), commands.join(), masked.join())}`
  if ((await attempt('docker', ['image', 'inspect', tag])).code === 0) return tag
  return step(`making the node image with Salt ${salt} (about 60 s, once)`, async () => {
    await inDebian(async (root) => {
      await installSalt(root, `salt-${salt}`, wheels)
      await configure(root)
      await importImage(root, tag)
    })
    return tag
  })
}

async function installSalt(root: string, set: `salt-${string}`, wheels: string): Promise<void> {
  await run('cp', ['-r', wheels, join(root, 'wheels')])
  await copyFile(requirementsOf(set), join(root, 'wheels/requirements.txt'))
  await run('chroot', [root, '/usr/bin/python3', '-m', 'venv', '/opt/salt'])
  await run('chroot', [
    root, '/opt/salt/bin/pip', 'install', '--quiet', '--disable-pip-version-check', '--no-index', '--no-deps', '--find-links', '/wheels',
    '--requirement', '/wheels/requirements.txt',
  ])
  await run('rm', ['-r', join(root, 'wheels')])
}

async function configure(root: string): Promise<void> {
  // Nodes know no public mirror: what they install comes from the repository that the pillar names.
  await run('rm', ['-rf', join(root, 'etc/apt/sources.list'), join(root, 'var/lib/apt/lists')])
  await run('chroot', [root, 'useradd', '--system', '--home-dir', '/opt/salt', '--shell', '/usr/sbin/nologin', 'salt'])
  for (const folder of ['etc/salt/master.d', 'etc/salt/minion.d', 'etc/salt/pki', 'srv/salt', 'srv/pillar', 'var/cache/salt', 'var/log/salt']) {
    await mkdir(join(root, folder), { recursive: true })
  }
  for (const unit of ['salt-master.service', 'salt-minion.service']) await copyFile(join(filesPath, unit), join(root, 'etc/systemd/system', unit))
  await copyFile(join(filesPath, 'master'), join(root, 'etc/salt/master'))
  for (const unit of masked) await symlink('/dev/null', join(root, 'etc/systemd/system', unit))
  for (const command of commands) await symlink(`/opt/salt/bin/${command}`, join(root, 'usr/local/bin', command))
  for (const folder of ['etc/salt/pki/master', 'var/cache/salt/master', 'var/log/salt']) {
    await run('chroot', [root, 'install', '-d', '-o', 'salt', '-g', 'salt', '-m', '0750', `/${folder}`])
  }
}

async function importImage(root: string, tag: string): Promise<void> {
  const archive = `${root}.tar`
  try {
    await run('tar', ['--numeric-owner', '-C', root, '-cf', archive, '.'])
    await docker('import', '--change', 'CMD ["/lib/systemd/systemd"]', '--change', 'ENV container=docker', archive, tag)
  } finally {
    await run('rm', ['-f', archive])
  }
}
