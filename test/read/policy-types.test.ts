import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { edit, stack } from '../support/declarations.ts'
import { repository, run } from '../support/repository.ts'

const LAMP = 'src/policies/lamp-broken.ts'

describe('the compiler', () => {
  it.each([
    { claim: 'an occurrence that nobody declares', from: "'house/lamp/broken'", to: "'house/lamp/stolen'" },
    { claim: 'a leaf that the payload does not have', from: "key: ['subject.room']", to: "key: ['subject.rooms']" },
    { claim: 'a value that the leaf never has', from: "['fall', null]", to: "['fell', null]" },
    { claim: 'an act that does not exist', from: "do: 'suspect', for: '90m'", to: "do: 'restart'" },
    { claim: 'an act without what it needs', from: "do: 'suspect', for: '90m'", to: "do: 'suspect'" },
    { claim: 'a class that does not exist', from: "'leaf', 'batch'", to: "'leaf', 'botch'" },
    { claim: 'a component that does not exist', from: "do: 'suspect', for: '90m'", to: "do: 'apply', component: 'consol'" },
  ])('refuses in a policy $claim', async ({ from, to }) => {
    const root = repository(edit(stack(), LAMP, from, to))
    // The reader judges declarations by itself; a copy outside its folders is the compiler's alone.
    mkdirSync(join(root, 'src/words'))
    writeFileSync(join(root, 'src/words/lamp.ts'), readFileSync(join(root, LAMP), 'utf8'))
    const { exit, err } = await run(root, 'check', '--no-salt')
    expect({ exit, err }).toEqual({ exit: 1, err: expect.stringMatching(/src\/words\/lamp\.ts:\d+:\d+ EOS190 TS\d+ /) })
  })
})
