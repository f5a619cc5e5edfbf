import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { watch } from '../../src/command/watch.ts'
import { Source } from '../../src/read/source.ts'
import { repository, run } from '../support/repository.ts'

describe('generate --watch', () => {
  it('writes what follows from a change, says what and how long, survives a mistake, and ends when told to', async () => {
    const root = repository()
    await run(root, 'generate')
    const said: string[] = []
    const stop = new AbortController()
    const say = (text: string): void => void said.push(text)
    const watching = watch(root, new Source(root), { out: say, err: say }, stop.signal)
    const path = join(root, 'src/components/consul.ts')
    const text = readFileSync(path, 'utf8')
    await vi.waitFor(() => expect(said).toContain('watching src/; stop with Ctrl-C'))
    writeFileSync(path, text.replace("'dc1'", "'dc2'"))
    await vi.waitFor(() => expect(said.join('\n')).toMatch(/changed: src\/components\/consul\.ts\n.*generated\/contract\/components\/consul\.json\n(.*\n)*57 files, 4 written, 0 removed, \d+ ms/), { timeout: 5_000 })
    writeFileSync(path, text.replace("{ $: 'datacenter' }", "{ $: 'datacentre' }"))
    await vi.waitFor(() => expect(said.join('\n')).toContain('EOS130 reference `datacentre` points nowhere'), { timeout: 5_000 })
    writeFileSync(path, text)
    await vi.waitFor(() => expect(said.filter((line) => line.includes(' 4 written'))).toHaveLength(2), { timeout: 5_000 })
    stop.abort()
    expect(await watching).toBe(0)
  }, 20_000)
})
