import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { docker } from '../host/engine.ts'
import { attemptOnNode, containerName, onNode } from '../node/container.ts'
import { needSalt } from '../node/salt.ts'
import { step } from '../run/progress.ts'
import type { Topology } from '../topology.ts'
import { productWheel } from './wheel.ts'

const PIP = '/opt/salt/bin/pip'
const SET_UP = '/opt/salt/bin/saltext-eos'
/** Beside the links of Salt's own commands, so that what the pages say can be typed. */
const ON_PATH = '/usr/local/bin/saltext-eos'

/** Installs this tree's wheel on every node and configures master and minions, as the quickstart tells an SRE to; returns whether anything changed. */
export async function needProduct(topology: Topology): Promise<boolean> {
  const wheel = await productWheel()
  let isChanged = false
  for (const node of Object.keys(topology.nodes)) {
    const isMaster = node === topology.master
    const isInstalled = await installWheel(node, wheel)
    const isConfigured = [
      ...(isMaster ? [await configure(node, 'configure-master')] : []),
      await configure(node, 'configure-minion'),
    ].includes(true)
    if (!isInstalled && !isConfigured) continue
    isChanged = true
    if (isMaster) await step('restarting the Salt master', () => onNode(node, ['systemctl', 'restart', 'salt-master']))
    await step(`restarting minion ${node}`, () => onNode(node, ['systemctl', 'restart', 'salt-minion']))
  }
  if (isChanged) await needSalt(topology)
  return isChanged
}

/** Installs the wheel where pip's own record names another content; says whether it did. */
async function installWheel(node: string, wheel: string): Promise<boolean> {
  const wanted = createHash('sha256').update(await readFile(wheel)).digest('hex')
  const record = await attemptOnNode(node, ['sh', '-c', 'cat /opt/salt/lib/python3*/site-packages/saltext_eos-*.dist-info/direct_url.json'])
  if (record.stdout.includes(wanted)) return false
  await step(`installing saltext-eos on ${node}`, async () => {
    const target = `/var/tmp/${basename(wheel)}`
    await docker('cp', wheel, `${containerName(node)}:${target}`)
    await onNode(node, [PIP, 'install', '--quiet', '--no-index', '--no-deps', '--force-reinstall', '--root-user-action=ignore', target])
    await onNode(node, ['rm', target])
    await onNode(node, ['ln', '--symbolic', '--force', SET_UP, ON_PATH])
  })
  return true
}

/** Runs a set-up command of the wheel; says whether it wrote anything. */
async function configure(node: string, verb: 'configure-master' | 'configure-minion'): Promise<boolean> {
  const answer = await onNode(node, [SET_UP, verb, '--yes', '--json'])
  const told: { readonly written: boolean } = JSON.parse(answer)
  return told.written
}
