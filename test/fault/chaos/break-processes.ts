import type { Nemesis, Scene } from './nemesis.ts'
import { holderOf, sh, tried, unitProcess } from './node.ts'

const UNITS = ['salt-master', 'salt-minion', 'eos-sidecar', 'nomad', 'consul'] as const
const STATUS = '/var/lib/eos/healer.status.json'

/** The process of the engine eos_healer, as it names itself. */
export async function healerProcess(): Promise<string> {
  return (await sh(`sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p' ${STATUS} 2>/dev/null || true`)).trim()
}

/** SIGKILL of the engine, the bridge, the whole master or a server, at any point of its work. */
export const kill: Nemesis = {
  name: 'kill',
  hypothesis: 'what was decided is on the disk before it is fired, so whoever begins anew acts no more often than one that lived; nothing that was acknowledged is lost',
  radius: 'one process of the node, or one unit with all its processes',
  abort: 'a unit does not run again within two minutes',
  strike: async ({ dice }) => {
    const what = dice.pick('eos_healer', 'eos_healer', 'eos_bridge', ...UNITS, 'salt-master')
    if (what === 'eos_healer' || what === 'eos_bridge') {
      const pid = what === 'eos_healer' ? await healerProcess() : await holderOf('/var/lib/eos/inbox.lock')
      return pid !== '' && (await tried('kill -KILL "$1"', pid)) ? `${what} (${pid})` : `${what}, which did not run`
    }
    await sh('systemctl kill --signal=KILL "$1"; true', what)
    return `unit ${what}`
  },
  mend: () => startUnits(),
}

/** SIGSTOP for a while: a process that is there and does nothing. */
export const pause: Nemesis = {
  name: 'pause',
  hypothesis: 'a source that hangs blocks, and never counts as empty; an engine that slept judges nothing by what it saw before',
  radius: 'one process of the node, for at most 45 s',
  abort: 'the process does not go on after SIGCONT',
  strike: async ({ dice, pause: wait }) => {
    const what = dice.pick('eos_healer', 'eos-sidecar', 'nomad', 'consul', 'salt-minion')
    const pid = what === 'eos_healer' ? await healerProcess() : await unitProcess(what)
    const seconds = dice.between(5, 45)
    if (pid === '' || !(await tried('kill -STOP "$1"', pid))) return `${what}, which did not run`
    await wait(seconds)
    await tried('kill -CONT "$1"', pid)
    return `${what} for ${seconds} s`
  },
  mend: continueAll,
}

/** Everything answers, late: the servers run a tenth of the time. */
export const slow: Nemesis = {
  name: 'slow',
  hypothesis: 'a view that comes too late is given up and asked for again; nothing is decided by half of one',
  radius: 'Nomad and Consul, for at most 40 s',
  abort: 'a server does not go on afterwards',
  strike: async ({ dice }: Scene) => {
    const seconds = dice.between(15, 40)
    const [nomad, consul] = [await unitProcess('nomad'), await unitProcess('consul')]
    if (nomad === '' || consul === '') return 'the servers, which did not run'
    await tried('end=$((SECONDS + $1)); while [ $SECONDS -lt $end ]; do kill -STOP $2 $3; sleep 0.45; kill -CONT $2 $3; sleep 0.05; done', String(seconds), nomad, consul)
    return `the servers for ${seconds} s`
  },
  mend: continueAll,
}

async function continueAll(): Promise<void> {
  for (const unit of UNITS) await tried('systemctl kill --signal=CONT "$1"', unit)
}

/** Starts every unit that a strike may have ended. */
export async function startUnits(): Promise<void> {
  await sh('systemctl reset-failed 2>/dev/null; systemctl start "$@"', ...UNITS)
}
