import type { Nemesis } from './nemesis.ts'
import { sh, tried } from './node.ts'
import { DISKS, moveClock } from './stage.ts'

const CHAIN = 'eos-chaos'
const BALLAST = '.ballast'

/** Who cannot reach whom: packets are dropped, or refused. */
export const partition: Nemesis = {
  name: 'partition',
  hypothesis: 'with a source that cannot be reached the view is incomplete, and an incomplete view blocks every act, by the name of the source',
  radius: 'the ports of Nomad or Consul on the node, for everybody or for the sidecar alone, for at most 60 s',
  abort: 'the rules of the firewall cannot be taken away',
  strike: async ({ dice, pause }) => {
    const { name, port } = dice.pick({ name: 'Nomad', port: 4646 }, { name: 'Consul', port: 8501 })
    const who = dice.pick('everybody', 'the sidecar')
    const how = dice.pick('DROP', 'REJECT')
    const seconds = dice.between(15, 60)
    await sh(`iptables -N ${CHAIN}; iptables -I OUTPUT -j ${CHAIN}; iptables -A ${CHAIN} -p tcp --dport ${port} ${who === 'everybody' ? '' : '-m owner --uid-owner eos'} -j ${how}`)
    await pause(seconds)
    await partition.mend()
    return `${name} for ${who} (${how}) for ${seconds} s`
  },
  mend: () => sh(`iptables -D OUTPUT -j ${CHAIN} 2>/dev/null; iptables -F ${CHAIN} 2>/dev/null; iptables -X ${CHAIN} 2>/dev/null; true`),
}

/** Not a byte more: commits wait or fail, and nothing may be acknowledged or decided meanwhile. */
export const disk: Nemesis = {
  name: 'disk full',
  hypothesis: 'what cannot be written was not decided, and not acknowledged; with room again both go on where they were',
  radius: 'the disk of the master’s store or of the sidecar’s journal, which hold nothing else, for at most 40 s',
  abort: 'the ballast cannot be removed',
  strike: async ({ dice, pause }) => {
    const { path } = dice.pick(...DISKS)
    const seconds = dice.between(10, 40)
    await tried(`head -c 1G /dev/zero > ${path}/${BALLAST}`)
    await pause(seconds)
    await disk.mend()
    return `${path} for ${seconds} s`
  },
  mend: () => sh(`rm -f ${DISKS.map(({ path }) => `${path}/${BALLAST}`).join(' ')}`),
}

/** The wall clock of the master jumps, and back. */
export const clock: Nemesis = {
  name: 'clock',
  hypothesis: 'budgets, cool-downs and debounce count seconds that never run backwards, so a jump gives nothing away',
  radius: 'the wall clock of the master’s processes, by at most two hours, for at most 60 s',
  abort: 'the clock cannot be set right',
  strike: async ({ dice, pause }) => {
    const by = dice.pick(-7200, -3600, -600, -30, 30, 600, 3600, 7200)
    const seconds = dice.between(15, 60)
    await moveClock(by)
    await pause(seconds)
    await moveClock(0)
    return `by ${by} s for ${seconds} s`
  },
  mend: () => moveClock(0),
}
