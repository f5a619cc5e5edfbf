import type { Project } from 'ts-morph'
import { loadProject } from './project.ts'
import { readDeclarations, type Memory, type Reading } from './read.ts'

/** Declarations on disk that can be read again after a change without loading the rest anew. */
export class Source {
  readonly #root: string
  readonly #project: Project
  readonly #memory: Memory = new Map()

  constructor(root: string) {
    this.#root = root
    this.#project = loadProject(root)
  }

  /** Reads every declaration. */
  read(): Reading {
    return readDeclarations(this.#project, this.#root, this.#memory)
  }

  /** Takes over what has become of some files: changed, new or gone. */
  refresh(paths: readonly string[]): void {
    for (const path of paths) {
      const known = this.#project.getSourceFile(`${this.#root}/${path}`)
      if (known) known.refreshFromFileSystemSync()
      else this.#project.addSourceFileAtPathIfExists(`${this.#root}/${path}`)
    }
  }
}
