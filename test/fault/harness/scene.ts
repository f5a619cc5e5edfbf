import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeAuthority, type Authority } from './authority.ts'

/** Something that must be over when its test is. */
type Ending = () => Promise<void> | void

/** The place of a test file: a folder, an authority, and everything that it started, ended in reverse order. */
export class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'eos-fault-'))
  readonly authority: Authority = makeAuthority(this.folder)
  readonly #endings: Ending[] = []
  #count = 0

  /** Remembers how something ends. */
  ends(ending: Ending): void {
    this.#endings.push(ending)
  }

  /** A folder of its own for one thing. */
  place(name: string): string {
    this.#count += 1
    const path = join(this.folder, `${name}-${this.#count}`)
    mkdirSync(path, { recursive: true })
    return path
  }

  /** How many endings there are, to end only what comes later. */
  mark(): number {
    return this.#endings.length
  }

  /** Ends what was started since the mark, the last first; one that fails does not keep the others. */
  async endSince(mark = 0): Promise<void> {
    const problems: unknown[] = []
    for (const ending of this.#endings.splice(mark).reverse()) {
      try {
        await ending()
      } catch (problem) {
        problems.push(problem)
      }
    }
    if (problems.length > 0) throw new AggregateError(problems, 'what a test started did not end')
  }

  /** Ends everything and removes the folder; EOS_FAULT_KEEP keeps it for a person to read. */
  async end(): Promise<void> {
    await this.endSince()
    if (process.env['EOS_FAULT_KEEP'] === undefined) rmSync(this.folder, { recursive: true, force: true })
  }
}
