import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { environmentOf } from '../../kitchen/python/environments.ts'
import { projectPath } from '../../kitchen/run/project.ts'

const KINDS = ['modules', 'states', 'runners', 'sdb', 'pillar']

/** The names under which the files of a loader's folder are loaded. */
function namesIn(folder: string): string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.py') && file !== '__init__.py')
  return files.map((file) => /^__virtualname__ = "(\w+)"$/m.exec(readFileSync(join(folder, file), 'utf8'))?.[1] ?? file.slice(0, -'.py'.length))
}

/** What both would load as one name. */
function clashes(ours: readonly string[], theirs: readonly string[]): string[] {
  return ours.filter((name) => theirs.includes(name))
}

/** The names of the installed saltext-vault, by kind. */
let theirs: ReadonlyMap<string, string[]>
beforeAll(async () => {
  const home = join(await environmentOf('tools'), 'lib/python3.11/site-packages/saltext/vault')
  theirs = new Map(KINDS.map((kind) => [kind, namesIn(join(home, kind))]))
})

describe('beside saltext-vault', () => {
  it('has the extension to compare with', () => {
    expect(theirs.get('modules')).toEqual(expect.arrayContaining(['vault', 'vault_pki']))
    expect(theirs.get('states')).toEqual(expect.arrayContaining(['vault', 'vault_secret']))
  })

  // Fails when a declaration is named as what the extension has: `src/resources/vault/pki.ts`.
  it.each(['modules', 'states'])('no generated name of %s is one of its own', (kind) => {
    const ours = namesIn(projectPath('generated/saltext', kind))
    expect(ours).toContain('vault_mount')
    expect(clashes(ours, theirs.get(kind) ?? [])).toEqual([])
  })

  it.each(['modules', 'states', 'runners', 'pillar'])('no name written by hand of %s is one of its own', (kind) => {
    expect(clashes(namesIn(projectPath('saltext/eos', kind)), theirs.get(kind) ?? [])).toEqual([])
  })

  it('sees a clash where there is one', () => {
    expect(clashes(['vault_mount', 'vault_pki'], theirs.get('modules') ?? [])).toEqual(['vault_pki'])
  })
})
