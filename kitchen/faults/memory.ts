import { attemptOnNode, onNode } from '../node/container.ts'
import { Failure } from '../run/failure.ts'
import type { Running } from './job.ts'

/** Joins the memory cgroup of a process and takes all that it may have: the kernel kills the newcomer, which is the largest. */
const EAT = `own="$(sed -n 's/^[0-9]*:memory://p' /proc/$1/cgroup)"
where="/sys/fs/cgroup/memory$own"
[ -n "$own" ] || where="/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/$1/cgroup)"
echo "$BASHPID" > "$where/cgroup.procs" && exec tail /dev/zero`

/** Has a process of a task of the job killed for memory; what serves there lives on. */
export async function eatAsTask(master: string, job: string): Promise<void> {
  const names = (await onNode(master, ['docker', 'ps', '--format', '{{.Names}}'])).split('\n')
  const container = names.find((name) => new RegExp(`^${job}-[0-9a-f]{8}-[0-9a-f-]{27}$`).test(name))
  if (container === undefined) throw new Failure(`no container of job ${job} runs; expected one`, `npm run lab -- exec ${master} -- docker ps`)
  await eatInContainer(master, container)
}

/** Has a process within this allocation killed for memory; what serves there lives on. */
export function eatWithin(master: string, { container }: Running): Promise<void> {
  return eatInContainer(master, container)
}

/** Has a process of a unit killed for memory; the service itself lives on. */
export async function eatAsUnit(master: string, unit: string): Promise<void> {
  await eat(master, (await onNode(master, ['systemctl', 'show', '--value', '-p', 'MainPID', unit])).trim())
}

async function eatInContainer(master: string, container: string): Promise<void> {
  await eat(master, (await onNode(master, ['docker', 'inspect', '--format', '{{.State.Pid}}', container])).trim())
}

async function eat(master: string, pid: string): Promise<void> {
  const outcome = await attemptOnNode(master, ['bash', '-c', EAT, 'bash', pid])
  if (outcome.code !== 137) throw new Failure(`the kernel killed nothing in the cgroup of ${pid}: ${outcome.stderr.trim()}; expected 137, found ${outcome.code}`, 'give the process a memory limit')
}
