import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A process that cannot outlive the one that started it, however that one ends. */
export interface Child {
  readonly name: string
  readonly pid: number
  /** Everything that it wrote so far. */
  readonly said: () => string
  readonly isRunning: () => boolean
  readonly signal: (name: NodeJS.Signals) => void
  /** Kills it and waits until it is gone; a process in a namespace takes everything inside with it. */
  readonly kill: () => Promise<void>
  /** Asks it to end, waits, and gives its exit code; kills it after the time given. */
  readonly end: (milliseconds?: number) => Promise<number | null>
  readonly exited: Promise<number | null>
}

export interface ChildOptions {
  /** Where its output is kept, in `<name>.log`. */
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
  /** With everything that it starts in a process namespace of its own, so that its descendants end with it. */
  readonly isContained?: boolean
  readonly cwd?: string
}

/**
 * Starts a process with the kernel's promise (PR_SET_PDEATHSIG) to kill it when this process dies, even of SIGKILL: a crashed test
 * leaves no server behind.
 */
export function startChild(name: string, command: readonly string[], options: ChildOptions): Child {
  const log = join(options.folder, `${name}.log`)
  const output = openSync(log, 'a')
  const contained = options.isContained === true ? ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'] : []
  const [program = '', ...args] = ['setpriv', '--pdeathsig', 'KILL', ...contained, ...command]
  const env = { PATH: process.env['PATH'] ?? '', HOME: options.folder, ...options.env }
  const child = spawn(program, args, { stdio: ['ignore', output, output], env, cwd: options.cwd ?? options.folder })
  closeSync(output)
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code))
    child.once('error', () => resolve(null))
  })
  return {
    name,
    pid: child.pid ?? 0,
    said: () => readFileSync(log, 'utf8'),
    isRunning: () => isRunning(child),
    signal: (signal) => void process.kill(options.isContained === true ? innermost(child.pid ?? 0) : (child.pid ?? 0), signal),
    kill: async () => {
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      await exited
    },
    end: async (milliseconds = 10_000) => {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds)
      const code = await exited
      clearTimeout(timer)
      return code
    },
    exited,
  }
}

/** The program inside a namespace: the last of a line of only children. */
function innermost(pid: number): number {
  const [only] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return only === undefined || only === '' ? pid : Number(only)
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}
