import { describe, expect, it } from 'vitest'
import { repository, run } from '../support/repository.ts'

describe('a call', () => {
  it('explains a declaration as YAML, by any spelling of its name', async () => {
    const root = repository()
    const { exit, out } = await run(root, 'explain', 'nomad/namespace')
    expect(exit).toBe(0)
    expect(out).toMatch(/^kind: resource\nname: nomad_namespace\ndoc: /)
    expect((await run(root, 'explain', 'nomad-namespace')).out).toBe(out)
    expect(JSON.parse((await run(root, 'explain', 'consul', '--json')).out)).toMatchObject({ kind: 'component', name: 'consul' })
  })

  it.each([
    { argv: ['explain', 'consull'], err: '`consull` is not declared; expected the name of a component, plan or resource; did you mean `consul`?' },
    { argv: ['explain'], err: '`explain` given; expected generate, check or explain <name>; see --help' },
    { argv: ['genrate'], err: '`genrate` given; expected generate, check or explain <name>; see --help' },
    { argv: [], err: 'no command given; expected generate, check or explain <name>; see --help' },
  ])('ends with 2 when it is wrong: $argv', async ({ argv, err }) => {
    expect(await run(repository(), ...argv)).toEqual({ exit: 2, out: '', err })
  })

  it('ends with 2 on an unknown option', async () => {
    const { exit, err } = await run(repository(), 'generate', '--fast')
    expect(exit).toBe(2)
    expect(err).toMatch(/^Unknown option '--fast'.*; see --help$/s)
  })

  it('documents its exit codes', async () => {
    const { exit, out } = await run(repository(), '--help')
    expect(exit).toBe(0)
    for (const code of ['  0  ', '  1  ', '  2  ']) expect(out).toContain(code)
  })
})
