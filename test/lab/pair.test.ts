import { afterAll, expect, test, vi } from 'vitest'
import { consul } from '../../kitchen/faults/servers.ts'
import { attemptOnNode, onNode } from '../../kitchen/node/container.ts'
import { PILLAR_FILE } from '../../kitchen/stack/pillar.ts'

const MASTER = 'n1'
const MINUTE = 60_000
const BEFORE = `${PILLAR_FILE}.before`

/** Gives the sidecar this one setting in the pillar, as an SRE would, and applies it. */
async function apply(pair: 'auto' | 'always'): Promise<string> {
  await onNode(MASTER, ['sh', '-c', `cp -p ${BEFORE} ${PILLAR_FILE} && printf '  sidecar:\\n    pair: ${pair}\\n' >>${PILLAR_FILE}`])
  return onNode(MASTER, ['salt', MASTER, '--out=json', '--static', 'state.apply', 'eos.sidecar', '--timeout=120'])
}

async function page(path: string): Promise<string> {
  return (await attemptOnNode(MASTER, ['curl', '--silent', `http://127.0.0.1:9460${path}`])).stdout
}

afterAll(async () => {
  await onNode(MASTER, ['mv', BEFORE, PILLAR_FILE])
}, MINUTE)

test('a sidecar that is told to takes the lock with rights for nothing else, and gives the rights back', async () => {
  await onNode(MASTER, ['cp', '-p', PILLAR_FILE, BEFORE])
  await apply('always')
  await vi.waitFor(async () => expect(await page('/metrics')).toMatch(/^eos_sidecar_active 1$/m), { timeout: MINUTE, interval: 500 })
  expect(await page('/readyz')).toBe('ok\n')
  expect(JSON.parse(await consul(MASTER, ['kv', 'get', 'eos/sidecar/lock']))).toEqual({ instance: MASTER })
  const rules = (): Promise<string> => consul(MASTER, ['acl', 'policy', 'read', '-name=eos-sidecar'])
  expect(await rules()).toMatch(/"session": \{\s+"n1": \{\s+"policy": "write"/)
  await apply('auto')
  await vi.waitFor(async () => expect(await page('/readyz')).toBe('ok\n'), { timeout: MINUTE, interval: 500 })
  expect(await rules()).not.toMatch(/"(session|key)":/)
}, 4 * MINUTE)
