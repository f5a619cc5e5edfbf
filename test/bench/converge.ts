import { cpus, loadavg, totalmem } from 'node:os'
import { unpackedWheel } from '../fault/harness/salt-master.ts'
import { Scene } from '../fault/harness/scene.ts'
import { ansibleTool } from './converge/ansible.ts'
import { Counted } from './converge/counted.ts'
import { KINDS, TOFU_KINDS } from './converge/objects.ts'
import { countingRound, timedRounds } from './converge/rounds.ts'
import { floorTool, saltTool } from './converge/salt.ts'
import { Servers } from './converge/servers.ts'
import { convergeText, EOS, EOS_PART, FLOOR, type ConvergeNumbers } from './converge/text.ts'
import { tofuTool } from './converge/tofu.ts'

const ROUNDS = Number(process.env['EOS_ROUNDS'] ?? 3)

/** Prints how long Salt with Eos, OpenTofu and Ansible take for the same objects on the same servers in the same run, and how often they ask. */
export async function benchConverge(isJson: boolean): Promise<void> {
  const scene = new Scene()
  try {
    const site = await unpackedWheel(scene.folder)
    const tools = [saltTool(EOS, KINDS, site), floorTool(FLOOR, KINDS, site), ansibleTool(), saltTool(EOS_PART, TOFU_KINDS, site), tofuTool()]
    const before = load()
    const servers = await Servers.start(scene)
    const counts = await countingRound(scene, servers, tools, await Counted.start(scene, servers))
    const begin = load()
    const times = await timedRounds(scene, servers, tools, ROUNDS)
    const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}; load before the run ${before}, at the first timed round ${begin}, at the end ${load()}`
    const numbers: ConvergeNumbers = { machine, cores: cpus().length, rounds: ROUNDS, tools: tools.map(({ name, kinds }) => ({ name, kinds })), times, counts }
    process.stdout.write(isJson ? `${JSON.stringify(numbers, null, 2)}\n` : convergeText(numbers))
  } finally {
    await scene.end()
  }
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(2)
}
