import { basename } from 'node:path'
import { docker } from '../host/engine.ts'
import { attemptOnNode, containerName, onNode } from '../node/container.ts'
import { run } from '../run/command.ts'
import { step } from '../run/progress.ts'
import { sidecarPackage } from '../sidecar/package.ts'
import type { Topology } from '../topology.ts'

/**
 * Brings this tree's sidecar to every node that has one of another content; says whether any had. The first
 * installation is the stack's own, from the repository: while a version is made its number stays the same, and apt sees no upgrade.
 */
export async function needSidecar(topology: Topology): Promise<boolean> {
  const path = await sidecarPackage()
  const wanted = (await run('dpkg-deb', ['--field', path, 'Eos-Content'])).trim()
  let isChanged = false
  for (const node of Object.keys(topology.nodes)) {
    const found = await attemptOnNode(node, ['dpkg-query', '--show', '--showformat=${db:Status-Abbrev} ${Eos-Content}', 'eos-sidecar'])
    if (!found.stdout.startsWith('ii') || found.stdout.includes(wanted)) continue
    isChanged = true
    await step(`installing eos-sidecar on ${node}`, async () => {
      const target = `/var/tmp/${basename(path)}`
      await docker('cp', path, `${containerName(node)}:${target}`)
      await onNode(node, ['dpkg', '--install', target])
      await onNode(node, ['rm', target])
    })
  }
  return isChanged
}
