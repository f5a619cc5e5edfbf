import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { edit, stack } from '../support/declarations.ts'
import { repository, run } from '../support/repository.ts'

const SHELF = 'src/resources/consul/shelf.ts'

describe('the compiler', () => {
  it.each([
    { claim: 'a name for a field inside an object that has none such', from: "'things.title': 'Name'", to: "'things.titel': 'Name'" },
    { claim: 'a rule that does not exist', from: "keys: 'whole'", to: "keys: 'hole'" },
    { claim: 'a version that is none', from: "lent: '1.21'", to: "lent: 'soon'" },
    { claim: 'a secret that is no place', from: "combination: { file: '/etc/shelf' }", to: "combination: '4711'" },
    { claim: 'an example with a value outside its enumeration', from: "by: 'dog' }, things", to: "by: 'cow' }, things" },
    { claim: 'a way to lose that no server has', from: "lost: 'answers-false'", to: "lost: 'answers-true'" },
  ])('refuses in a resource $claim', async ({ from, to }) => {
    const root = repository(edit(stack(), SHELF, from, to))
    // The reader judges declarations by itself; a copy outside its folders is the compiler's alone.
    mkdirSync(join(root, 'src/words'))
    writeFileSync(join(root, 'src/words/shelf.ts'), readFileSync(join(root, SHELF), 'utf8').replaceAll('../../schema/', '../schema/'))
    const { exit, err } = await run(root, 'check', '--no-salt')
    expect({ exit, err }).toEqual({ exit: 1, err: expect.stringMatching(/src\/words\/shelf\.ts:\d+:\d+ EOS190 TS\d+ /) })
  })
})
