import { onNode, attemptOnNode } from '../../../kitchen/node/container.ts'

/** The node that carries the whole stack. */
export const NODE = 'n1'

/** Runs a script on the node that must succeed; returns what it printed. */
export function sh(script: string, ...args: readonly string[]): Promise<string> {
  return onNode(NODE, ['bash', '-c', script, 'chaos', ...args])
}

/** Runs a script on the node however it ends; returns whether it succeeded. */
export async function tried(script: string, ...args: readonly string[]): Promise<boolean> {
  return (await attemptOnNode(NODE, ['bash', '-c', script, 'chaos', ...args])).code === 0
}

/** Runs Python with Salt and the wheel, as the master's own. */
export function python(program: string, ...args: readonly string[]): Promise<string> {
  return onNode(NODE, ['/opt/salt/bin/python', '-', ...args], program)
}

/** The process of a unit; empty where it does not run. */
export async function unitProcess(unit: string): Promise<string> {
  const pid = (await sh('systemctl show -P MainPID "$1"', unit)).trim()
  return pid === '0' ? '' : pid
}

/** The process that holds a file locked or open; empty where none does. */
export async function holderOf(path: string): Promise<string> {
  return (await sh('for one in /proc/[0-9]*; do ls -l "$one/fd" 2>/dev/null | grep -q " $1$" && { echo "${one#/proc/}"; break; }; done; true', path)).trim()
}
