import { attemptOnNode } from '../node/container.ts'
import { consul } from './servers.ts'

/** A service without a check and without a job, as a program outside Nomad would register it. */
export const BARE = 'eos-fault-bare'

/** Registers it with the agent of the master's node. */
export async function registerBare(master: string, name = BARE): Promise<void> {
  await consul(master, ['services', 'register', '-name', name, '-id', name, '-port', '9'])
}

/** Takes it out of the agent, on purpose; content where it is not. */
export async function deregisterBare(master: string, name = BARE): Promise<void> {
  const known = (await consul(master, ['catalog', 'services'])).split('\n')
  if (known.includes(name)) await consul(master, ['services', 'deregister', '-id', name])
}

/** Restarts Consul: for some seconds nobody knows of any service, and none was removed. */
export async function restartConsul(master: string): Promise<void> {
  await attemptOnNode(master, ['systemctl', 'restart', 'consul'])
}
