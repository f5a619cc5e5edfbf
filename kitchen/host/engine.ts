import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { attempt, run } from '../run/command.ts'
import { cachePath } from '../run/cache.ts'
import { Failure } from '../run/failure.ts'
import { step } from '../run/progress.ts'
import { needOnHost } from './apt.ts'

const START_SECONDS = 60

/** Makes sure that a Docker engine answers: asks it, not the path of its command, and starts one where none does. */
export async function needEngine(): Promise<void> {
  if (await answers()) return
  await needOnHost({ '/usr/sbin/dockerd': 'docker.io', '/usr/sbin/iptables': 'iptables' })
  if (await answers()) return
  await step('starting the Docker engine', start)
}

/** Runs a `docker` command that must succeed and returns its output without surrounding space. */
export async function docker(...args: readonly string[]): Promise<string> {
  return (await run('docker', args)).trim()
}

async function answers(): Promise<boolean> {
  try {
    return (await attempt('docker', ['version', '--format', '{{.Server.Version}}'])).code === 0
  } catch {
    return false
  }
}

async function start(): Promise<void> {
  const log = cachePath('log', 'dockerd.log')
  await mkdir(cachePath('log'), { recursive: true })
  const output = openSync(log, 'a')
  spawn('/usr/sbin/dockerd', [], { detached: true, stdio: ['ignore', output, output] }).unref()
  for (const deadline = Date.now() + START_SECONDS * 1000; Date.now() < deadline; ) {
    if (await answers()) return
    await sleep(500)
  }
  throw new Failure(`no Docker engine answers ${START_SECONDS} s after its start; expected one`, `read ${log}`)
}
