import { describe, expect, it } from 'vitest'
import { edit, judge, stack } from '../support/declarations.ts'

const HOST = 'src/components/host.ts'

/** The contract of a field of the host component that is declared so. */
function field(declared: string): unknown {
  const types = 'export interface Raft {\n  mode: \'raft\'\n  /** Peers. */\n  maxPeers?: number\n}\nexport interface Plain {\n  mode: \'file\'\n}\n'
  const withTypes = edit(stack(), HOST, '/** Host:', `${types}/** Host:`)
  const files = edit(withTypes, HOST, 'export interface Host {\n', `export interface Host {\n  /** Probe. */\n  ${declared}\n`)
  const { contracts, text } = judge(files)
  const found = contracts.components.find(({ name }) => name === 'host')?.fields['probe']
  return found ?? text
}

describe('a field', () => {
  it.each([
    { declared: 'probe: string', want: { schema: { type: 'string' }, optional: false } },
    { declared: 'probe?: boolean', want: { schema: { type: 'boolean' }, optional: true } },
    { declared: "probe: 'a' | 'b'", want: { schema: { enum: ['a', 'b'] }, optional: false } },
    { declared: "probe: 'a'", want: { schema: { const: 'a' }, optional: false } },
    { declared: 'probe: string[]', want: { schema: { type: 'array', items: { type: 'string' } }, optional: false } },
    { declared: 'probe: readonly string[]', want: { schema: { type: 'array', items: { type: 'string' } }, optional: false } },
    { declared: 'probe: Record<string, number>', want: { schema: { type: 'object', additionalProperties: { type: 'number' } }, optional: false } },
    { declared: 'probe: string | null', want: { schema: { anyOf: [{ type: 'string' }, { type: 'null' }] }, optional: false } },
    { declared: 'probe: Port', want: { schema: { type: 'integer', minimum: 1, maximum: 65535 }, optional: false } },
    { declared: "probe: Default<Size, '1GiB'>", want: { schema: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(KiB|MiB|GiB|TiB)$' }, default: '1GiB', optional: true } },
    { declared: 'probe: Default<number, -1>', want: { schema: { type: 'number' }, default: -1, optional: true } },
    { declared: "probe: Default<string[], ['a']>", want: { schema: { type: 'array', items: { type: 'string' } }, default: ['a'], optional: true } },
    { declared: 'probe: Default<{ maxSize: number }, { maxSize: 2 }>', want: { schema: { type: 'object', properties: { max_size: { type: 'number' } }, required: ['max_size'], additionalProperties: false }, default: { max_size: 2 }, optional: true } },
    { declared: "probe: Default<Immutable<string>, 'x'>", want: { schema: { type: 'string' }, default: 'x', optional: true, immutable: true } },
    { declared: 'probe: ReadOnly<string>', want: { schema: { type: 'string' }, optional: false, read_only: true } },
    { declared: "probe: Secret<'uuid'>", want: { schema: { type: 'string' }, optional: true, secret: 'uuid' } },
    {
      declared: 'probe: Raft | Plain',
      want: {
        schema: {
          anyOf: [
            { type: 'object', properties: { mode: { const: 'raft' }, max_peers: { description: 'Peers.', type: 'number' } }, required: ['mode'], additionalProperties: false },
            { type: 'object', properties: { mode: { const: 'file' } }, required: ['mode'], additionalProperties: false },
          ],
        },
        optional: false,
      },
    },
  ])('reads `$declared`', ({ declared, want }) => {
    expect(field(declared)).toEqual({ doc: 'Probe.', ...want })
  })
})
