import { copyFile, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mirrorPackages } from '../debian/catalogue.ts'
import { downloadedPackages } from '../debian/debian-packages.ts'
import type { Repository } from '../debian/repository.ts'
import { docker } from '../host/engine.ts'
import { containerName, containerState, label, networkName } from '../node/container.ts'
import { cached, cachePath } from '../run/cache.ts'
import { attempt, run } from '../run/command.ts'
import { Failure } from '../run/failure.ts'
import { fingerprint, fingerprintOf } from '../run/fingerprint.ts'
import { step } from '../run/progress.ts'
import { projectPath } from '../run/project.ts'
import type { Certificate } from './certificates.ts'

const READY_SECONDS = 30

/** Where images are pushed to, from this machine's engine only. */
export interface Mirror {
  readonly pushAddress: string
}

/** Starts the mirror with this repository, or starts it anew where another one is served. */
export async function needMirror(address: string, image: string, repository: Repository, certificate: Certificate): Promise<Mirror> {
  const folder = await mirrorFolder(certificate)
  const content = fingerprint(image, repository.folder, folder)
  const container = containerName('mirror')
  const registry = cachePath('registry')
  await mkdir(registry, { recursive: true })
  if (!(await serves(container, content))) {
    await step('starting the mirror of packages and images', async () => {
      await attempt('docker', ['rm', '--force', container])
      await docker(
        'run', '--detach', '--name', container, '--hostname', 'mirror', '--label', label, '--label', `eos.content=${content}`,
        '--network', networkName, '--ip', address, '--publish', '127.0.0.1::5001',
        '--volume', `${folder}:/mirror:ro`, '--volume', `${repository.folder}:/srv/debian:ro`, '--volume', `${registry}:/var/lib/docker-registry`,
        '--env', 'PATH=/mirror/root/usr/bin:/usr/bin:/bin', image, '/mirror/start',
      )
    })
  }
  const pushAddress = (await docker('port', container, '5001/tcp')).split('\n')[0] ?? ''
  await untilReady(pushAddress)
  return { pushAddress }
}

async function serves(container: string, content: string): Promise<boolean> {
  if ((await containerState(container)) !== 'running') return false
  return (await docker('container', 'inspect', '--format', '{{index .Config.Labels "eos.content"}}', container)) === content
}

/** A folder with all that the mirror's container needs beside the node image. */
async function mirrorFolder(certificate: Certificate): Promise<string> {
  const files = projectPath('kitchen', 'mirror', 'files')
  const packages = await downloadedPackages(mirrorPackages)
  const name = fingerprint(certificate.certificate, packages, await fingerprintOf(files))
  return cached(cachePath('mirror', name), async (unfinished) => {
    await rm(unfinished, { recursive: true, force: true })
    await run('cp', ['-r', files, unfinished])
    await copyFile(certificate.certificate, join(unfinished, 'certificate.pem'))
    await copyFile(certificate.key, join(unfinished, 'key.pem'))
    for (const file of await readdir(packages)) await run('dpkg-deb', ['--extract', join(packages, file), join(unfinished, 'root')])
  })
}

async function untilReady(pushAddress: string): Promise<void> {
  for (const deadline = Date.now() + READY_SECONDS * 1000; Date.now() < deadline; await sleep(300)) {
    const answer = await fetch(`http://${pushAddress}/v2/`).catch(() => undefined)
    if (answer?.ok === true) return
  }
  throw new Failure(`the image registry does not answer within ${READY_SECONDS} s; expected HTTP 200 from /v2/`, `docker logs ${containerName('mirror')}`)
}
