import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { saltPython } from '../../fault/harness/binaries.ts'
import { startChild } from '../../fault/harness/children.ts'
import { SaltMaster } from '../../fault/harness/salt-master.ts'
import type { Scene } from '../../fault/harness/scene.ts'
import { until } from '../../fault/harness/until.ts'
import { number } from '../../fault/harness/value.ts'
import { round } from './statistics.ts'

/** How fast events came off the bus, and how many of those that were fired came at all. */
export interface Fired {
  readonly fired: number
  readonly arrived: number
  /** Arrivals per second between the first and the last. */
  readonly perSecond: number
}

const BARE = fileURLToPath(new URL('bare_loop.py', import.meta.url))
const PRINT = fileURLToPath(new URL('print_lines.sh', import.meta.url))

/** A bare SaltEvent loop, and Salt's own `script` engine, both fed the same envelopes with nothing of this product beside them. */
export async function measureSalt(scene: Scene, site: string, envelopes: readonly string[]): Promise<{ readonly bare: Fired; readonly script: Fired }> {
  const folder = scene.place('salt')
  const lines = join(folder, 'lines')
  const script = join(folder, 'script-lines')
  writeFileSync(lines, made(envelopes, 'eos/bare').join('\n'))
  writeFileSync(script, `${made(envelopes, 'eos/script').join('\n')}\n`)
  const master = (await SaltMaster.make(folder, site, { log_level_logfile: 'warning', engines: [{ script: { cmd: `sh ${PRINT} ${script}`, output: 'json', interval: 100_000 } }] })).start()
  scene.ends(() => master.kill())
  const { child, file } = await master.listen('eos/')
  scene.ends(() => child.kill())
  const report = join(folder, 'report')
  startChild('bare', [saltPython(), BARE, join(folder, 'master'), lines, report], { folder, env: { PYTHONPATH: site } })
  const bare = await arrivals(file, 'eos/bare', envelopes.length)
  writeFileSync(`${script}.go`, '')
  return { bare, script: await arrivals(file, 'eos/script', envelopes.length) }
}

function made(envelopes: readonly string[], tag: string): string[] {
  return envelopes.map((envelope, position) => `{"tag":"${tag}/${position}","data":${envelope}}`)
}

/** Waits until all have arrived or none has for five seconds: a bus that is behind drops without a word. */
async function arrivals(file: string, tag: string, fired: number): Promise<Fired> {
  let count = 0
  let since = performance.now()
  const times = await until(`${tag} has ended`, () => {
    const found = timesOf(file, tag)
    if (found.length > count) {
      count = found.length
      since = performance.now()
    }
    return found.length >= fired || (found.length > 0 && performance.now() - since > 5_000) ? found : undefined
  }, 180_000, 250)
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000
  return { fired, arrived: times.length, perSecond: round((times.length - 1) / seconds) }
}

/** Times of arrival of events whose tag begins so. */
export function timesOf(file: string, tag: string): number[] {
  const found: number[] = []
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.includes(`"tag": "${tag}`)) found.push(number(JSON.parse(line), 'at'))
  }
  return found.filter((time) => !Number.isNaN(time))
}
