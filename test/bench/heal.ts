import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { attemptOnNode, onNode } from '../../kitchen/node/container.ts'
import { projectPath } from '../../kitchen/run/project.ts'
import { say } from '../../kitchen/run/progress.ts'
import { settings } from '../../kitchen/settings.ts'
import { setHealing } from '../fault/chaos/heal-mode.ts'
import { saltPython } from '../fault/harness/binaries.ts'
import { unpackedWheel } from '../fault/harness/salt-master.ts'
import { FAULTS, follow, type Thread, type Who } from './heal/latency.ts'
import { healText, type Queue } from './heal/text.ts'

const NODE = 'n1'
/** Rounds of each fault for each who; a node is stopped in fewer, because its heartbeat takes its time. */
const ROUNDS = Number(process.env['EOS_ROUNDS'] ?? 5)
/** Budgets that do not stand in the way of the next round: what they cost is not what is measured. */
const ROOM = { bucket: { size: 100, every: '1s' }, blast: { share: 100, within: '1h' }, mass_failure: 100 }

/** Prints how long it takes from a fault to its event, decision, act and verification, beside Nomad alone and a schedule of Salt in the same run. */
export async function benchHeal(isJson: boolean): Promise<void> {
  if (settings.name === 'eos') throw new Error('this breaks a lab; expected one of its own: EOS_LAB=eos-chaos EOS_LAB_NETWORK=172.30.79 npm run lab -- up --topology chaos, then EOS_LAB=eos-chaos npm run bench -- heal')
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, load before the run ${(loadavg()[0] ?? 0).toFixed(2)}`
  const queue = await workOff()
  const threads: Thread[] = []
  for (const who of ['healer', 'alone', 'schedule'] as const) threads.push(...(await roundsOf(who)))
  process.stdout.write(isJson ? `${JSON.stringify({ machine, queue, threads }, null, 2)}\n` : healText(machine, ROUNDS, queue, threads))
}

async function roundsOf(who: Who): Promise<readonly Thread[]> {
  const found: Thread[] = []
  const restore = await setHealing({ ...ROOM, mode: who === 'healer' ? 'enforce' : 'observe' })
  try {
    await turned(who)
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const fault of FAULTS) {
        if (fault === 'node stopped' && (who !== 'healer' || round >= 2)) continue
        const thread = await follow(who, fault, round)
        found.push(thread)
        say(`${who}, ${fault}, round ${round + 1}: ${Object.entries(thread).flatMap(([name, value]) => (typeof value === 'number' ? [`${name} ${value.toFixed(1)} s`] : [])).join(', ')}`)
      }
    }
    return found
  } finally {
    await schedule(false)
    await restore()
  }
}

/** Waits until the healer has read its settings, and turns the schedule on where it is meant to be. */
async function turned(who: Who): Promise<void> {
  const mode = who === 'healer' ? 'enforce' : 'observe'
  await onNode(NODE, ['sh', '-c', `for i in $(seq 120); do grep -q '"mode": "${mode}"' /var/lib/eos/healer.status.json && grep -q '"bucket_size": 100' /var/lib/eos/healer.status.json && exit 0; sleep 1; done; exit 1`])
  await schedule(who === 'schedule')
}

async function schedule(isOn: boolean): Promise<void> {
  // It fails where there is none.
  await attemptOnNode(NODE, ['salt', 'n1', 'schedule.delete', 'bench'])
  if (isOn) await onNode(NODE, ['salt', 'n1', 'schedule.add', 'bench', 'function=state.apply', 'job_args=["eos"]', 'seconds=60', 'maxrunning=1'])
}

async function workOff(): Promise<Queue> {
  const folder = mkdtempSync(join(tmpdir(), 'eos-bench-heal-'))
  try {
    const site = await unpackedWheel(folder)
    return JSON.parse(execFileSync(saltPython(), [projectPath('test', 'bench', 'heal', 'work_off.py'), folder], { encoding: 'utf8', env: { ...process.env, PYTHONPATH: site } }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
