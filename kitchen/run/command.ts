import { spawn } from 'node:child_process'
import { Failure } from './failure.ts'

export interface CommandOptions {
  readonly cwd?: string
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Text for standard input; without it the command reads nothing. */
  readonly input?: string
  /** Called with every line of output as it arrives, standard error included. */
  readonly onLine?: (line: string) => void
}

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command and returns how it ended; fails only when it cannot be started. */
export function attempt(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    const gathered = { stdout: '', stderr: '' }
    const lines = lineSplitter(options.onLine)
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
        gathered[name] += chunk
        lines(chunk)
      })
    }
    child.on('error', (error) => reject(new Failure(`cannot start ${command}: ${error.message}`, `install ${command} and run again`)))
    child.on('close', (code) => resolve({ code: code ?? 1, ...gathered }))
    child.stdin?.on('error', () => undefined).end(options.input)
  })
}

/** Runs a command that must succeed and returns its standard output. */
export async function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const outcome = await attempt(command, args, options)
  if (outcome.code !== 0) {
    throw new Failure(
      `${[command, ...args].join(' ').slice(0, 300)} ended with ${outcome.code}; expected 0\n${tail(outcome)}`,
      'read the lines above; when the cause is gone, run the same command again',
    )
  }
  return outcome.stdout
}

/** The last lines of a command's output, for a message. */
export function tail(outcome: Outcome, lines = 25): string {
  return `${outcome.stdout}\n${outcome.stderr}`.trim().split('\n').slice(-lines).map((line) => `    ${line}`).join('\n')
}

function lineSplitter(onLine: ((line: string) => void) | undefined): (chunk: string) => void {
  let rest = ''
  return (chunk) => {
    if (onLine === undefined) return
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
}
