import type { Kind, Wanted } from './objects.ts'

/** What a tool is asked to do: to start and do nothing, to bring the objects about, to look again, and to say what it would do. */
export const STEPS = ['start', 'first', 'no-op', 'test'] as const
export type Step = (typeof STEPS)[number]

/** Where the servers answer, and which files hold the tokens; a tool verifies TLS by this authority. */
export interface Place {
  readonly nomad: string
  readonly consul: string
  readonly ca: string
  readonly nomadToken: string
  readonly consulToken: string
}

/** A command of a tool as a person gives it; no token stands in it. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** How a step ended by the tool's own words. */
export interface Said {
  /** Objects that it looked at; null where it does not say so. */
  readonly seen: number | null
  readonly changed: number
  readonly failed: number
}

/** One of the tools that are compared. */
export interface Tool {
  readonly name: string
  readonly kinds: readonly Kind[]
  /** It does nothing, and shows what its like costs at least. */
  readonly isIdle: boolean
  /** Writes into a folder what the tool is given, and gives its commands. */
  readonly prepare: (folder: string, place: Place, objects: Wanted) => Promise<Readonly<Record<Step, Command>>>
  readonly read: (step: Step, code: number, stdout: string) => Said
}
