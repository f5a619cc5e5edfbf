import { describe, expect, it } from 'vitest'
import { edit, judge, stack } from '../support/declarations.ts'
import { EVENT_MISTAKES } from './event-mistakes.ts'
import { GRAMMAR_MISTAKES } from './grammar-mistakes.ts'
import { POLICY_MISTAKES } from './policy-mistakes.ts'
import { REFERENCE_MISTAKES } from './reference-mistakes.ts'
import { RESOURCE_MISTAKES } from './resource-mistakes.ts'

describe('the reader', () => {
  it('has nothing against a stack without mistakes', () => {
    expect(judge(stack()).says).toEqual([])
  })

  it.each([...GRAMMAR_MISTAKES, ...REFERENCE_MISTAKES, ...EVENT_MISTAKES, ...POLICY_MISTAKES, ...RESOURCE_MISTAKES])('$claim', ({ file, from, to, says }) => {
    expect(judge(edit(stack(), file, from, to)).says).toEqual([says])
  })

  it('reports all mistakes of a run at once, by file and line', () => {
    const first = edit(stack(), 'src/components/tls.ts', "{ $: 'caFile' }", "{ $: 'caFil' }")
    const second = edit(first, 'src/components/consul.ts', "{ $: 'datacenter' }", "{ $: 'datacentre' }")
    const third = edit(second, 'src/components/consul.ts', 'datacenter: Default<string', 'datacenter: Default<Strings')
    const places = judge(third).says.map((line) => line.split(' ').slice(0, 2).join(' '))
    expect(places).toEqual(['src/components/consul.ts:8:23 EOS110', 'src/components/consul.ts:44:26 EOS130', 'src/components/tls.ts:16:69 EOS130'])
  })

  it('refuses a leaf that only one of two occurrences has', () => {
    const files = edit(edit(stack(), 'src/policies/lamp-broken.ts', "'house/lamp/broken'", "'house/lamp/broken', 'house/door/opened'"), 'src/policies/lamp-broken.ts', "'verdict.isSeen': false", '')
    expect(judge(files).says).toContain('src/policies/lamp-broken.ts:8:9 EOS142 not every occurrence has a leaf `subject.room`; expected a leaf of every occurrence in `on`; there are `verdict.cause`')
  })

  it.each([
    { name: 'apply', key: 'apply' },
    { name: 'topology', key: 'topology' },
    { name: 'node', key: 'node' },
  ])('refuses $name as the name of a component', ({ key }) => {
    const text = (stack().get('src/components/tls.ts') ?? '').replace('tls: Tls', `${key}: Tls`)
    const files = new Map([...stack(), [`src/components/${key}.ts`, text.replace("runner: 'eos.issue',", '')]])
    expect(judge(files).says[0]).toMatch(new RegExp(`^src/components/${key}\\.ts:4:18 EOS104 component name \`${key}\` is reserved; expected a name other than init, apply,`))
  })

  it('refuses two files with one name in the contract', () => {
    const text = stack().get('src/components/tls.ts') ?? ''
    const named = (key: string): string => text.replace('tls: Tls', `'${key}': Tls`)
    const files = new Map([...stack(), ['src/components/dns-cache.ts', named('dns-cache')], ['src/components/dns_cache.ts', named('dns_cache')]])
    expect(judge(files).says).toContain('src/components/dns_cache.ts:4:18 EOS105 components dns-cache and dns_cache both become `dns_cache`; expected names that stay different in snake_case; rename one of the two')
  })

  it('lets `when` ask for the mode of a union', () => {
    const fields = "export interface Consul {\n  /** Where it keeps its data. */\n  storage: Default<{ mode: 'file' } | { mode: 'raft' }, { mode: 'file' }>\n"
    const files = edit(stack(), 'src/components/consul.ts', 'export interface Consul {\n', fields)
    const server = "path: '/etc/consul.d/server.json', format: 'json', when: { role: 'server' }"
    expect(judge(edit(files, 'src/components/consul.ts', server, server.replace("role: 'server'", "storage: 'raft'"))).says).toEqual([])
    expect(judge(edit(files, 'src/components/consul.ts', server, server.replace("role: 'server'", "storage: 'rafts'"))).says[0]).toMatch(/EOS135 `storage` is never "rafts"; expected "file" or "raft"; did you mean `raft`\?$/)
  })

  it('shows the line and marks the place under it', () => {
    const { text } = judge(edit(stack(), 'src/components/consul.ts', "{ $: 'datacenter' }", "{ $: 'datacentre' }"))
    expect(text.split('\n').slice(1)).toEqual([
      "  44 |         datacenter: { $: 'datacentre' },",
      '     |                          ^^^^^^^^^^^^',
    ])
  })

  it('keeps the keys of data, and renames only what is declared', () => {
    const { contracts } = judge(edit(stack(), 'src/components/consul.ts', 'verify_incoming: true', 'camelCase: { innerKey: 1 }'))
    const consul = contracts.components.find(({ name }) => name === 'consul')
    expect(consul?.spec.files?.[0]?.data['tls']).toEqual({ defaults: { ca_file: { $: 'tls.ca_file' }, camelCase: { innerKey: 1 } } })
    expect(Object.keys(consul?.fields ?? {})).toEqual(['role', 'datacenter', 'https', 'serf_lan', 'dns', 'log_level', 'gossip_key'])
  })
})
