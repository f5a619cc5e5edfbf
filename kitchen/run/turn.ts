import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { say } from './progress.ts'

const ASK_AGAIN_MILLISECONDS = 1_000

/** Does the work while no other process of this machine does work of that name; waits for its turn and says so. */
export async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const path = join(tmpdir(), `eos-${name}.pid`)
  for (let told = false; !(await isTaken(path)); told = true) {
    const holder = await holderOf(path)
    if (holder === undefined) await rm(path, { force: true })
    else if (!told) say(`  … waiting for process ${holder}, which uses ${name} of this machine`)
    await sleep(ASK_AGAIN_MILLISECONDS)
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

/** Takes the turn by making the file, which only one process can. */
async function isTaken(path: string): Promise<boolean> {
  return writeFile(path, String(process.pid), { flag: 'wx' }).then(() => true, () => false)
}

/** The process that has its turn, or undefined where that one died or never wrote its number. */
async function holderOf(path: string): Promise<number | undefined> {
  const holder = Number(await readFile(path, 'utf8').catch(() => ''))
  if (!Number.isInteger(holder) || holder <= 0) return undefined
  try {
    process.kill(holder, 0)
    return holder
  } catch {
    return undefined
  }
}
