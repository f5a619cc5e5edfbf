import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Document } from 'yaml'
import { setHeal, since, type Heal, type Since } from '../../kitchen/faults/healing.ts'
import { nomad } from '../../kitchen/faults/servers.ts'
import { attemptOnNode } from '../../kitchen/node/container.ts'
import { ask, type Answer } from './https.ts'
import { orchestrate, withPillar, type Orchestration } from './salt.ts'
import { edge } from './stack.ts'

const MASTER = 'n1'
const MINUTE = 60_000
const APP = 'whoami'
const NAMED = `job:${APP}@apps`
const IS_ALL = process.env['EOS_FAULT'] === 'all'
const HEAL: Heal = { mode: 'observe', debounce: { least: '1s', most: '5s' } }

let at: Awaited<ReturnType<typeof edge>>
let before: Heal | undefined
let begun: Since

beforeAll(async () => {
  at = await edge()
  before = await setHeal(MASTER, HEAL)
  begun = await since(MASTER)
}, 2 * MINUTE)

afterAll(async () => {
  await attemptOnNode(MASTER, ['salt-run', 'eos.release', NAMED])
  await setHeal(MASTER, before)
  expect((await orchestrate('eos.apply')).code).toBe(0)
}, 10 * MINUTE)

/** A version whose check never passes: its deployment fails after three minutes, and Nomad goes back to the one before. By default a person gives it up sooner. */
const breaks = (pillar: Document): void => pillar.setIn(['eos', 'apps', APP, 'health', 'path'], '/nowhere')
const mends = (pillar: Document): void => pillar.setIn(['eos', 'apps', APP, 'memory'], '72MiB')

describe('a version that fails its deployment', () => {
  test(`is applied once, reverted once and then held${IS_ALL ? ', until another pillar takes its place' : ''}`, async () => {
    const first = await version()
    await withPillar(breaks, async () => {
      const [applied] = await Promise.all([orchestrate('eos.apply'), ...(IS_ALL ? [] : [giveUp(first + 1)])])
      expect(applied.code, applied.text).not.toBe(0)
      await begun.line('the specification is held', ({ kind, body }) => kind === 'rule' && body['rule'] === 'hold' && body['what'] === NAMED, 120)
      const reverted = await version()
      expect(reverted).toBe(first + 2)
      for (let times = 0; times < (IS_ALL ? 2 : 1); times += 1) {
        const again = await orchestrate('eos.apply')
        expect(again.code, again.text).toBe(0)
        expect(summary(again)).toMatch(new RegExp(`HELD ${APP}: version ${first + 1} of ${APP} failed its deployment .*; change its pillar, or .salt-run eos.release ${NAMED}`))
        expect(await version()).toBe(reverted)
      }
      expect((await get('/health')).status).toBe(200)
    })
    if (!IS_ALL) return
    const fixed = await withPillar(mends, () => orchestrate('eos.apply'))
    expect(fixed.code, fixed.text).toBe(0)
    expect(summary(fixed)).not.toMatch('HELD')
    expect(await version()).toBe(first + 3)
  }, 20 * MINUTE)

  test('is applied again once a person releases it', async () => {
    const from = await version()
    await withPillar(breaks, async () => {
      expect(summary(await orchestrate('eos.apply', 'test=True'))).toMatch(`HELD ${APP}`)
      const released = await attemptOnNode(MASTER, ['salt-run', 'eos.release', NAMED])
      expect(released.code, released.stdout).toBe(0)
      const predicted = await orchestrate('eos.apply', 'test=True')
      expect(summary(predicted)).not.toMatch('HELD')
      expect(summary(predicted)).toMatch(`app ${APP} root`)
    })
    expect(await version()).toBe(from)
  }, 10 * MINUTE)
})

const get = (path: string): Promise<Answer> => ask({ ...at, host: `${APP}.eos.test`, path })

function summary(run: Orchestration): string {
  return run.steps['summary']?.comment ?? run.text
}

/** Fails the deployment of a version as soon as it runs, as an operator who sees what is wrong with it. */
async function giveUp(wanted: number): Promise<void> {
  const ends = performance.now() + 4 * MINUTE
  while (performance.now() < ends) {
    const latest: { readonly ID: string; readonly JobVersion: number; readonly Status: string } = JSON.parse(await nomad(MASTER, ['job', 'deployments', '-namespace', 'apps', '-latest', '-json', APP]))
    if (latest.JobVersion === wanted && latest.Status === 'running') return void (await nomad(MASTER, ['deployment', 'fail', '-namespace', 'apps', '-detach', latest.ID]))
    await pause(500)
  }
  throw new Error(`no deployment of version ${wanted} of ${APP} ran within four minutes`)
}

async function version(): Promise<number> {
  const found: { readonly Job: { readonly Version: number } } = JSON.parse(await nomad(MASTER, ['job', 'inspect', '-namespace', 'apps', APP]))
  return found.Job.Version
}
