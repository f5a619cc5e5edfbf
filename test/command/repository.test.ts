import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { generate } from '../../src/command/generate.ts'
import { Source } from '../../src/read/source.ts'
import { run } from '../support/repository.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '')

describe('this repository', () => {
  it('type-checks, and holds the generated tree that its declarations ask for', async () => {
    const { exit, err } = await run(ROOT, 'check', '--no-salt')
    expect({ exit, err }).toEqual({ exit: 0, err: '' })
  }, 60_000)

  it('says how many components need a hook, and none needs more than two', () => {
    const { contracts } = generate(new Source(ROOT))
    const hooks = contracts.components.map(({ name, spec }) => ({ name, hooks: spec.hooks ?? [] }))
    const hooked = hooks.filter((component) => component.hooks.length > 0)
    process.stdout.write(`${hooked.length} of ${hooks.length} components have hooks: ${hooked.map(({ name }) => name).join(', ')}\n`)
    expect(hooks.filter((component) => component.hooks.length > 2)).toEqual([])
  })
})
