import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../run/failure.ts'
import { step } from '../run/progress.ts'
import type { Topology } from '../topology.ts'
import { attemptOnNode, onNode, writeOnNode } from './container.ts'

const ANSWER_SECONDS = 60
const KEYS = '/etc/salt/pki'

/** Brings up the master and every minion, accepts each key after comparing its fingerprint, and waits for their answers. */
export async function needSalt(topology: Topology): Promise<void> {
  const minions = Object.keys(topology.nodes)
  if (await answer(topology.master, minions)) return
  await step('starting the Salt master', () => onNode(topology.master, ['systemctl', 'enable', '--now', '--quiet', 'salt-master']))
  const address = topology.nodes[topology.master]?.address ?? ''
  const masterFinger = await fingerOfMaster(topology.master)
  for (const minion of minions) {
    await step(`connecting minion ${minion}`, async () => {
      await writeOnNode(minion, '/etc/salt/minion.d/lab.conf', `id: ${minion}\nmaster: ${address}\nmaster_finger: '${masterFinger}'\nacceptance_wait_time: 1\n`)
      await onNode(minion, ['systemctl', 'enable', '--quiet', 'salt-minion'])
      await onNode(minion, ['systemctl', 'restart', 'salt-minion'])
      await accept(topology.master, minion)
    })
  }
  await step('waiting for every minion to answer', () => untilAnswered(topology.master, minions))
}

async function answer(master: string, minions: readonly string[]): Promise<boolean> {
  const outcome = await attemptOnNode(master, ['salt', '--static', '--out=json', '-t', '5', '-L', minions.join(), 'test.ping'])
  return outcome.code === 0 && minions.every((minion) => outcome.stdout.includes(`"${minion}": true`))
}

async function untilAnswered(master: string, minions: readonly string[]): Promise<void> {
  for (const deadline = Date.now() + ANSWER_SECONDS * 1000; Date.now() < deadline; ) {
    if (await answer(master, minions)) return
    await sleep(1000)
  }
  throw new Failure(
    `not every one of ${minions.join(', ')} answers test.ping within ${ANSWER_SECONDS} s; expected all`,
    `npm run lab -- exec ${master} -- journalctl -u salt-master -u salt-minion`,
  )
}

/** Accepts the key that waits on the master only if the minion itself shows the same one. */
async function accept(master: string, minion: string): Promise<void> {
  for (const deadline = Date.now() + ANSWER_SECONDS * 1000; Date.now() < deadline; await sleep(1000)) {
    if ((await attemptOnNode(master, ['test', '-e', `${KEYS}/master/minions/${minion}`])).code === 0) return
    const waiting = await attemptOnNode(master, ['cat', `${KEYS}/master/minions_pre/${minion}`])
    if (waiting.code !== 0) continue
    const own = await onNode(minion, ['cat', `${KEYS}/minion/minion.pub`])
    if (fingerprintOfKey(own) !== fingerprintOfKey(waiting.stdout)) {
      throw new Failure(
        `the key that waits for ${minion} is ${fingerprintOfKey(waiting.stdout)}; the minion's own is ${fingerprintOfKey(own)}`,
        `another machine uses this name: remove its key with salt-key --delete ${minion}`,
      )
    }
    await onNode(master, ['salt-key', '--yes', '--quiet', '--accept', minion])
    return
  }
  throw new Failure(`no key of ${minion} reached the master within ${ANSWER_SECONDS} s; expected one`, `npm run lab -- exec ${minion} -- journalctl -u salt-minion`)
}

/** Salt 3008 names the master's key after the master, 3006 calls it master.pub; 3008 keeps that name as a link. */
async function fingerOfMaster(master: string): Promise<string> {
  return fingerprintOfKey(await onNode(master, ['cat', `${KEYS}/master/master.pub`]))
}

/**
 * The fingerprint of a public key as minions compute it: over the lines between the first and the last. Computed here,
 * because `salt-key --finger` of Salt 3008 takes the whole text of a minion's key and so shows another value.
 */
function fingerprintOfKey(pem: string): string {
  const body = pem.trim().split(/\r?\n/).slice(1, -1).map((line) => `${line}\n`).join('')
  return createHash('sha256').update(body).digest('hex').replace(/..(?=.)/g, '$&:')
}
