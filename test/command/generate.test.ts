import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { regenerate } from '../../src/command/watch.ts'
import { Source } from '../../src/read/source.ts'
import { edit, stack } from '../support/declarations.ts'
import { repository, run } from '../support/repository.ts'

describe('generate', () => {
  it('writes the tree, and nothing the second time', async () => {
    const root = repository()
    expect((await run(root, 'generate')).out).toMatch(/\n57 files, 57 written, 0 removed, \d+ ms$/)
    const before = statSync(join(root, 'generated/salt/eos/consul.sls')).mtimeMs
    expect((await run(root, 'generate')).out).toMatch(/^57 files, 0 written, 0 removed, \d+ ms$/)
    expect(statSync(join(root, 'generated/salt/eos/consul.sls')).mtimeMs).toBe(before)
  })

  it('removes what no declaration makes, and the folders that become empty', async () => {
    const root = repository()
    mkdirSync(join(root, 'generated/docs/old'), { recursive: true })
    writeFileSync(join(root, 'generated/docs/old/page.md'), 'x')
    expect((await run(root, 'generate')).out).toContain('removed generated/docs/old/page.md')
    expect(existsSync(join(root, 'generated/docs/old'))).toBe(false)
  })

  it('never follows a link out of its folder', async () => {
    const root = repository()
    mkdirSync(join(root, 'elsewhere'))
    writeFileSync(join(root, 'elsewhere/precious.md'), 'x')
    mkdirSync(join(root, 'generated'))
    symlinkSync(join(root, 'elsewhere'), join(root, 'generated/docs'))
    const { exit, err } = await run(root, 'generate')
    expect({ exit, err }).toEqual({ exit: 1, err: `EOS312 ${root}/generated/docs leads elsewhere; expected plain files and folders; links are never followed; remove it` })
    expect(readFileSync(join(root, 'elsewhere/precious.md'), 'utf8')).toBe('x')
  })

  it('writes nothing while there is a problem', async () => {
    const root = repository(edit(stack(), 'src/components/consul.ts', "{ $: 'datacenter' }", "{ $: 'datacentre' }"))
    const { exit, err } = await run(root, 'generate')
    expect(exit).toBe(1)
    expect(err).toContain('src/components/consul.ts:44:26 EOS130')
    expect(err).toMatch(/\n1 problem; docs\/errors\.md explains each code$/)
    expect(existsSync(join(root, 'generated'))).toBe(false)
  })

  it('says problems as JSON when asked', async () => {
    const root = repository(edit(stack(), 'src/components/consul.ts', "{ $: 'datacenter' }", "{ $: 'datacentre' }"))
    const { exit, out } = await run(root, 'generate', '--json')
    const said: { problems: { code: string; where: { line: number } }[] } = JSON.parse(out)
    expect({ exit, codes: said.problems.map(({ code, where }) => `${code}:${where.line}`) }).toEqual({ exit: 1, codes: ['EOS130:44'] })
  })

  it('takes over a changed, a new and a removed file without loading the rest', async () => {
    const root = repository()
    const source = new Source(root)
    const said: string[] = []
    const output = { out: (text: string) => void said.push(text), err: (text: string) => void said.push(text) }
    const consul = join(root, 'src/components/consul.ts')
    regenerate(root, source, [], output)
    writeFileSync(consul, readFileSync(consul, 'utf8').replace("'dc1'", "'dc2'"))
    regenerate(root, source, ['src/components/consul.ts'], output)
    expect(said.at(-1)).toMatch(/^ {2}wrote {3}generated\/contract\/components\/consul\.json\n(.*\n)*57 files, 4 written, 0 removed, \d+ ms$/)
    const plan = (stack().get('src/plans/apply.ts') ?? '').replace('Apply the pillar', 'Renew it')
    writeFileSync(join(root, 'src/plans/renew.ts'), plan)
    regenerate(root, source, ['src/plans/renew.ts'], output)
    expect(said.at(-1)).toContain('wrote   generated/salt/eos/renew.sls')
    rmSync(join(root, 'src/plans/renew.ts'))
    regenerate(root, source, ['src/plans/renew.ts'], output)
    expect(said.at(-1)).toContain('removed generated/salt/eos/renew.sls')
  })
})
