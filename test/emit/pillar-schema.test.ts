import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { projectPath } from '../../kitchen/run/project.ts'
import { pillarSchema } from '../../src/emit/pillar-schema.ts'
import { judge, stack } from '../support/declarations.ts'

const { components, resources } = judge(stack()).contracts
const schema = pillarSchema(components, resources)
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema)

const PILLAR = `
stack: {name: lab, domain: eos.test}
topology:
  n1: {address: 172.30.77.11, memory: 8GiB, cpus: 2, roles: {consul: [server]}}
consul: {datacenter: north, log_level: warn}
apps:
  web: {image: web@sha256:0, port: 8080, environment: {A: b}}
objects:
  nomad_namespace: {batch: null, web: {description: Public sites}, old: {absent: true}}
  consul_shelf:
    tools: {readers: [anna], keys: {top: {sealed: top}}}
    more: {name: tools, room: cellar}
`

/** What the schema says about a pillar. */
function judged(pillar: string): string[] {
  validate(parse(pillar))
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)
}

/** The keywords of every schema in a schema. */
function keywords(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(keywords)
  const entries = Object.entries(value)
  return entries.flatMap(([key, inner]) => [key, ...(key === 'properties' ? Object.values(inner).flatMap(keywords) : typeof inner === 'object' && !['enum', 'default', 'const', 'required'].includes(key) ? keywords(inner) : [])])
}

describe('the pillar schema', () => {
  it('accepts what the declarations ask for', () => {
    expect(judged(PILLAR)).toEqual([])
  })

  it('accepts objects without a stack, and nothing else without one', () => {
    expect(judged('objects: {nomad_namespace: {batch: null}}')).toEqual([])
    expect(judged('consul: {datacenter: north}')).toContain(" must have required property 'stack'")
    expect(judged('{objects: {}, heal: {}}')).toContain(' must NOT have additional properties')
  })

  it.each([
    { claim: 'an unknown resource', from: 'nomad_namespace: {batch', to: 'nomad_namespaces: {batch', says: ['/objects must NOT have additional properties'] },
    { claim: 'more than what identifies it where it is to go', from: 'old: {absent: true}', to: 'old: {absent: false}', says: expect.arrayContaining(['/objects/nomad_namespace/old/absent must be equal to constant']) },
    { claim: 'an unknown component', from: 'consul: {datacenter', to: 'consl: {datacenter', says: [' must NOT have additional properties'] },
    { claim: 'an unknown field', from: 'log_level: warn', to: 'loglevel: warn', says: ['/consul must NOT have additional properties'] },
    { claim: 'a value outside its enumeration', from: 'log_level: warn', to: 'log_level: loud', says: ['/consul/log_level must be equal to one of the allowed values'] },
    { claim: 'an unknown role', from: 'consul: [server]', to: 'consul: [sever]', says: ['/topology/n1/roles/consul/0 must be equal to one of the allowed values'] },
    { claim: 'a role of a component without roles', from: 'consul: [server]', to: 'tls: [server]', says: ['/topology/n1/roles must NOT have additional properties'] },
    { claim: 'a size without its unit', from: '8GiB', to: '8', says: ['/topology/n1/memory must be string'] },
    { claim: 'a secret, which Eos makes itself', from: 'datacenter: north', to: 'gossip_key: mine', says: ['/consul must NOT have additional properties'] },
    { claim: 'an application without its image', from: 'image: web@sha256:0, ', to: '', says: ["/apps/web must have required property 'image'"] },
    { claim: 'an application that names itself', from: 'port: 8080', to: 'port: 8080, name: web', says: ['/apps/web must NOT have additional properties'] },
    { claim: 'half an application', from: 'port: 8080', to: 'port: 8080, count: 1.5', says: ['/apps/web/count must be integer'] },
  ])('refuses $claim', ({ from, to, says }) => {
    expect(PILLAR.split(from)).toHaveLength(2)
    expect(judged(PILLAR.replace(from, to))).toEqual(says)
  })

  // Fails when the schema and the pages, which the law applies, come to mean different things by an object.
  it('accepts the samples of every page', () => {
    const product = new Ajv2020({ strict: true }).compile(JSON.parse(readFileSync(projectPath('generated/pillar/eos.schema.json'), 'utf8')))
    const folder = projectPath('generated/docs/resources')
    const samples = readdirSync(folder).flatMap((page) => {
      const [, section = ''] = readFileSync(join(folder, page), 'utf8').split('\n## Pillar\n')
      const blocks = section.split('```yaml\n').slice(1).map((block) => block.split('```')[0] ?? '')
      return blocks.map((block) => ({ page, ...parse(block, { version: '1.1' }) }))
    })
    expect(samples.length).toBeGreaterThan(80)
    expect(samples.filter(({ eos }) => !product(eos)).map(({ page }) => page)).toEqual([])
    expect(product({ objects: { nomad_variable: { web: { items: { password: 'hunter2' } } } } })).toBe(false)
  })

  it('uses only keywords that every validator of Eos knows', () => {
    const known = ['type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'const', 'pattern', 'minimum', 'maximum', 'default', 'anyOf', 'oneOf', 'description']
    expect([...new Set(keywords(schema))].filter((keyword) => !known.includes(keyword))).toEqual([])
  })
})
