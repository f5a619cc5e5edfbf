import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { docker } from '../../../kitchen/host/engine.ts'
import { containerName } from '../../../kitchen/node/container.ts'
import { sh, NODE } from './node.ts'

/** A folder that gets a small disk of its own, and the unit that writes there. */
interface Disk {
  readonly path: string
  readonly unit: string
  readonly size: string
}

/** Folders that a full disk is played on. */
export const DISKS: readonly [Disk, Disk] = [
  { path: '/var/lib/eos', unit: 'salt-master', size: '192m' },
  { path: '/var/lib/eos-sidecar', unit: 'eos-sidecar', size: '64m' },
]
const CLOCK = '/run/eos-chaos-clock'
const SHIM = '/usr/local/lib/eos-chaos-clock.so'
const DROP_IN = '/etc/systemd/system/salt-master.service.d/chaos.conf'

/** What a run needs on the node before it begins. */
export interface Stage {
  /** Whether the master's wall clock can be moved: it needs a C compiler on this machine. */
  readonly hasClock: boolean
  readonly strike: () => Promise<void>
}

/** Gives the stores small disks of their own, and the master a clock that can be moved; `strike` takes it all back and keeps what was written. */
export async function setStage(): Promise<Stage> {
  const hasClock = await giveClock()
  for (const { path, unit, size } of DISKS) {
    await sh(`set -e; systemctl stop ${unit}; rm -rf ${path}.kept; cp -a ${path} ${path}.kept
      mount -t tmpfs -o size=${size},mode=$(stat -c %a ${path}),uid=$(stat -c %u ${path}),gid=$(stat -c %g ${path}) tmpfs ${path}
      cp -a ${path}.kept/. ${path}/; systemctl start ${unit}`)
  }
  return { hasClock, strike }
}

async function strike(): Promise<void> {
  for (const { path, unit } of DISKS) {
    await sh(`set -e; systemctl stop ${unit}; rm -rf ${path}.kept; cp -a ${path} ${path}.kept; umount ${path}
      find ${path} -mindepth 1 -delete; cp -a ${path}.kept/. ${path}/; rm -rf ${path}.kept`)
  }
  await sh(`rm -f ${DROP_IN} ${SHIM}; systemctl daemon-reload; systemctl start ${DISKS.map(({ unit }) => unit).join(' ')}; rm -f ${CLOCK}`)
}

async function giveClock(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'eos-chaos-'))
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', join(folder, 'clock.so'), fileURLToPath(new URL('clock.c', import.meta.url)), '-ldl'], { stdio: 'ignore' })
    await docker('cp', join(folder, 'clock.so'), `${containerName(NODE)}:${SHIM}`)
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  await moveClock(0)
  await sh(`mkdir -p $(dirname ${DROP_IN}); printf '[Service]\\nEnvironment=LD_PRELOAD=${SHIM}\\n' > ${DROP_IN}; systemctl daemon-reload`)
  return true
}

/** Moves the wall clock of the master's processes to so many seconds beside the right time. */
export async function moveClock(seconds: number): Promise<void> {
  // Eight bytes, in place: the processes have the file in their memory.
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(seconds))
  const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
  await sh(`[ -e ${CLOCK} ] || head -c 8 /dev/zero > ${CLOCK}; printf '${octal}' | dd of=${CLOCK} bs=8 count=1 conv=notrunc status=none; chmod 0644 ${CLOCK}`)
}
