import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { unified } from '../../src/command/difference.ts'
import { edit, stack } from '../support/declarations.ts'
import { repository, run } from '../support/repository.ts'

describe('check', () => {
  it('passes on a fresh tree', async () => {
    const root = repository()
    await run(root, 'generate')
    expect(await run(root, 'check', '--no-salt')).toEqual({ exit: 0, out: 'check: 57 files are as their declarations say', err: '' })
  })

  it('shows an edit by hand as a unified difference, and names the command that mends it', async () => {
    const root = repository()
    await run(root, 'generate')
    const path = join(root, 'generated/salt/eos/consul.sls')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"dir_mode": "0750"', '"dir_mode": "0777"'))
    const { exit, err } = await run(root, 'check', '--no-salt')
    expect(exit).toBe(1)
    expect(err.split('\n')).toEqual([
      'generated/salt/eos/consul.sls EOS310 differs from its source; expected what `npm run generate` writes; run it and commit the result',
      '--- generated/salt/eos/consul.sls',
      '+++ generated/salt/eos/consul.sls (as generated)',
      '@@ -27,7 +27,7 @@',
      '                 {"name": "/var/lib/consul"},',
      '                 {"user": "consul"},',
      '                 {"group": "consul"},',
      '-                {"dir_mode": "0777"},',
      '+                {"dir_mode": "0750"},',
      '                 {"makedirs": True},',
      '                 {"require": [{"pkg": "consul packages"}]},',
      '             ],',
    ])
  })

  it('names a file without a source', async () => {
    const root = repository()
    await run(root, 'generate')
    writeFileSync(join(root, 'generated/docs/notes.md'), 'mine')
    const { exit, err } = await run(root, 'check', '--no-salt')
    expect({ exit, err }).toEqual({ exit: 1, err: 'generated/docs/notes.md EOS311 has no source; expected nothing that the generator does not write; run `npm run generate`, which removes it' })
  })

  it.each([
    { claim: 'a declared hook without a function', text: 'def other(spec):\n    return None\n', says: ['src/components/tls.ts EOS320 hook `certificates_are_valid` has no function; expected `def certificates_are_valid(…)` in saltext/eos/hooks/tls.py; write it, or take the hook away'] },
    { claim: 'a function that nobody declares', text: 'def certificates_are_valid(values, context):\n    return {}\n\n\ndef idle(\n    values: dict, context: dict\n):\n    return {}\n', says: ['saltext/eos/hooks/tls.py EOS321 function `idle` is the hook of nobody; expected a declaration `tls` that names it; remove it, or declare it'] },
  ])('refuses $claim', async ({ text, says }) => {
    const root = repository()
    await run(root, 'generate')
    writeFileSync(join(root, 'saltext/eos/hooks/tls.py'), text)
    expect(await run(root, 'check', '--no-salt')).toEqual({ exit: 1, out: '', err: says.join('\n') })
  })

  it('refuses a look that no function answers, and a function that no policy asks', async () => {
    const root = repository(edit(stack(), 'src/policies/door-forced.ts', "layerBelow: 'settled'", "layerBelow: 'settled', hook: 'door_is_open'"))
    await run(root, 'generate')
    writeFileSync(join(root, 'saltext/eos/heal_checks.py'), 'def door_is_shut(subject, view):\n    return None\n')
    const says = [
      'src/policies/door-forced.ts EOS320 hook `door_is_open` has no function; expected `def door_is_open(subject, view)` in saltext/eos/heal_checks.py; write it, or take the hook away',
      'saltext/eos/heal_checks.py EOS321 function `door_is_shut` is the hook of nobody; expected a policy that names it; remove it, or declare it',
    ]
    expect(await run(root, 'check', '--no-salt')).toEqual({ exit: 1, out: '', err: says.join('\n') })
  })

  it.each([
    { claim: 'passes when it has nothing to say', script: 'exit 0', want: { exit: 0, out: 'check: 57 files are as their declarations say, and real Salt loads them', err: '' } },
    { claim: 'fails with what it says', script: "echo 'generated/salt/eos/x.sls: EOS403 a requisite'; exit 1", want: { exit: 1, out: '', err: 'generated/salt/eos/x.sls: EOS403 a requisite' } },
    { claim: 'fails when it cannot run here', script: 'exit 2', want: { exit: 1, out: '', err: 'the tree was not loaded into real Salt: it ended with 2; expected a Python with the pinned Salt; see above, or leave it out with --no-salt' } },
  ])('asks real Salt, and $claim', async ({ script, want }) => {
    const root = repository()
    await run(root, 'generate')
    mkdirSync(join(root, 'kitchen/check'), { recursive: true })
    writeFileSync(join(root, 'kitchen/check/run'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    expect(await run(root, 'check')).toEqual(want)
  })

  it('fails where the program that asks real Salt is missing', async () => {
    const root = repository()
    await run(root, 'generate')
    expect(await run(root, 'check')).toEqual({ exit: 1, out: '', err: 'kitchen/check/run is not there; expected the program that loads the tree into real Salt; restore it' })
  })

  it.each([
    { claim: 'a misspelt value', from: "reload: 'restart'", to: "reload: 'restrat'", says: /consul\.ts:53:92 EOS122 the value is not one of those allowed; expected "reload" or "restart"; did you mean `restart`\?/ },
    { claim: 'a default outside its type', from: "Default<string, 'dc1'>", to: 'Default<string, 7>', says: /consul\.ts:8:15 EOS221 the default of `datacenter`/ },
    { claim: 'a type that only the compiler knows to be wrong', from: "import { defineComponent,", to: "import { defineComponents, defineComponent,", says: /consul\.ts:1:10 EOS190 TS\d+ .*defineComponents.*; expected a file that type-checks/ },
  ])('type-checks: $claim', async ({ from, to, says }) => {
    const root = repository(edit(stack(), 'src/components/consul.ts', from, to))
    const { exit, err } = await run(root, 'check', '--no-salt')
    expect(exit).toBe(1)
    expect(err).toMatch(says)
    expect(err).toMatch(/\n1 problem; /)
  })
})

describe('a unified difference', () => {
  it('aligns lines inside the changed part', () => {
    expect(unified('x', 'a\nb\nc\nd\ne', 'a\nB\nc\nD\ne').split('\n').slice(3)).toEqual([' a', '-b', '+B', ' c', '-d', '+D', ' e'])
  })

  it('leaves out what lies between two changes', () => {
    const before = Array.from({ length: 30 }, (_, index) => String(index + 1))
    const after = before.flatMap((line) => (line === '4' ? [] : line === '27' ? ['x', 'y'] : [line]))
    const [, , ...lines] = unified('x', before.join('\n'), after.join('\n')).split('\n')
    expect(lines).toEqual([
      '@@ -1,7 +1,6 @@', ' 1', ' 2', ' 3', '-4', ' 5', ' 6', ' 7',
      '@@ -24,7 +23,8 @@', ' 24', ' 25', ' 26', '-27', '+x', '+y', ' 28', ' 29', ' 30',
    ])
  })
})
