import { onNode } from '../node/container.ts'

const JOURNAL = '/var/lib/eos-sidecar/journal.db'

/** Spoils the journal of the sidecar while it is down, as a bad disk does: it begins a new one, and reads everything anew. */
export async function damageJournal(master: string): Promise<void> {
  await onNode(master, ['systemctl', 'stop', 'eos-sidecar'])
  try {
    await onNode(master, ['sh', '-c', `printf 'no journal any more' | dd of=${JOURNAL} conv=notrunc status=none`])
  } finally {
    await onNode(master, ['systemctl', 'start', 'eos-sidecar'])
  }
}

/** Removes what it kept of the damaged one. */
export async function removeDamaged(master: string): Promise<void> {
  await onNode(master, ['sh', '-c', `rm -f ${JOURNAL}.damaged-*`])
}
