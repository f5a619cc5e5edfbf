import { describe, expect, test } from 'vitest'
import type { Document } from 'yaml'
import { attemptOnNode, onNode, writeOnNode } from '../../kitchen/node/container.ts'
import { changed, orchestrate, withPillar } from './salt.ts'

const MINUTE = 60_000

describe('a stack that is as described', () => {
  test('changes nothing when eos.bootstrap runs again, and exits 0', async () => {
    const again = await orchestrate('eos.bootstrap')
    expect(again.code, again.text).toBe(0)
    expect(Object.keys(again.steps).length).toBeGreaterThan(15)
    expect(changed(again)).toEqual([])
  }, 5 * MINUTE)

  test('predicts no change with test=True, and exits 0', async () => {
    const predicted = await orchestrate('eos.bootstrap', 'test=True')
    expect(predicted.code, predicted.text).toBe(0)
    expect(changed(predicted)).toEqual([])
  }, 5 * MINUTE)

  test('mutation: a file changed behind Salt is predicted, restored, and then quiet again', async () => {
    await onNode('n1', ['sh', '-c', 'echo "{}" > /etc/docker/daemon.json'])
    const predicted = await orchestrate('eos.bootstrap', 'test=True')
    expect(changed(predicted)).toContain('docker on n1')
    const restored = await orchestrate('eos.bootstrap')
    expect(restored.code, restored.text).toBe(0)
    expect(changed(restored)).toContain('docker on n1')
    expect(changed(await orchestrate('eos.bootstrap'))).toEqual([])
  }, 15 * MINUTE)
})

describe('a minion that does not do its part', () => {
  test('missing: a node of the topology that has no key is named, and no host is touched', async () => {
    const node = { address: '172.30.77.99', memory: '1GiB', cpus: 1, roles: {} }
    const outcome = await withPillar((pillar) => pillar.setIn(['eos', 'topology', 'n9'], node), () => orchestrate('eos.bootstrap'))
    expect(outcome.code).not.toBe(0)
    expect(outcome.text).toMatch(/n9 does not answer/)
    expect(outcome.steps['host on n1']?.result).toBe(false)
    expect(changed(outcome)).toEqual([])
  }, 3 * MINUTE)

  test('down: a stopped minion is named', async () => {
    await onNode('n1', ['systemctl', 'stop', 'salt-minion'])
    try {
      const outcome = await orchestrate('eos.bootstrap')
      expect(outcome.code).not.toBe(0)
      expect(outcome.text).toMatch(/n1 does not answer/)
    } finally {
      await onNode('n1', ['systemctl', 'start', 'salt-minion'])
      await expect.poll(async () => (await attemptOnNode('n1', ['salt', 'n1', 'test.ping', '--timeout=5'])).code, { timeout: 60_000 }).toBe(0)
    }
  }, 5 * MINUTE)

  test('failed inside: a unit that does not start fails its step, and only what needs it stops', async () => {
    await breakUnit('caddy')
    try {
      const outcome = await orchestrate('eos.bootstrap')
      expect(outcome.code).not.toBe(0)
      expect(outcome.steps['caddy on n1']?.result).toBe(false)
      expect(outcome.steps['nomad on n1']?.result).toBe(true)
      expect(outcome.steps['foundation on n1']?.result).toBe(true)
      expect(outcome.steps['app miniflux on n1']?.result).toBe(false)
    } finally {
      await mendUnit('caddy')
    }
    const repaired = await orchestrate('eos.bootstrap')
    expect(repaired.code, repaired.text).toBe(0)
  }, 10 * MINUTE)
})

describe('a pillar that is wrong', () => {
  const cases: readonly { readonly given: string; readonly edit: (pillar: Document) => void; readonly want: RegExp }[] = [
    { given: 'an unknown key', edit: (pillar) => pillar.setIn(['eos', 'consol'], {}), want: /eos:consol/ },
    { given: 'a wrong type', edit: (pillar) => pillar.setIn(['eos', 'consul', 'https'], 'soon'), want: /eos:consul:https.*soon/s },
    { given: 'an unknown role', edit: (pillar) => pillar.setIn(['eos', 'topology', 'n1', 'roles', 'consul'], ['emperor']), want: /emperor/ },
  ]
  test.each(cases)('$given is refused with path, expected and found, before any host is touched', async ({ edit, want }) => {
    const outcome = await withPillar(edit, () => orchestrate('eos.bootstrap'))
    expect(outcome.code).not.toBe(0)
    expect(outcome.text).toMatch(want)
    expect(outcome.text).toMatch(/expected/)
    expect(outcome.text).not.toContain('host on n1')
  }, 2 * MINUTE)
})

/** A drop-in that makes a unit fail at its start, without a change to any file that Salt manages. */
const dropIn = (unit: string): string => `/run/systemd/system/${unit}.service.d/broken.conf`

async function breakUnit(unit: string): Promise<void> {
  await writeOnNode('n1', dropIn(unit), '[Service]\nExecStart=\nExecStart=/bin/false\n')
  await onNode('n1', ['systemctl', 'daemon-reload'])
  await onNode('n1', ['systemctl', 'stop', unit])
}

async function mendUnit(unit: string): Promise<void> {
  await onNode('n1', ['rm', dropIn(unit)])
  await onNode('n1', ['systemctl', 'daemon-reload'])
}
