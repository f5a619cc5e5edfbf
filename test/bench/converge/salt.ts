import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { saltPython } from '../../fault/harness/binaries.ts'
import { isRow, type Row } from '../../fault/harness/value.ts'
import type { Kind, Wanted } from './objects.ts'
import type { Command, Said, Step, Tool } from './tool.ts'

/** `salt-call --local state.apply` with one SLS of all objects, as an SRE would run it. */
export function saltTool(name: string, kinds: readonly Kind[], site: string): Tool {
  return toolOf(name, kinds, site, slsOf)
}

/** The same with as many states that do nothing: what is left is Salt's own. */
export function floorTool(name: string, kinds: readonly Kind[], site: string): Tool {
  return { ...toolOf(name, kinds, site, nothingOf), isIdle: true }
}

function toolOf(name: string, kinds: readonly Kind[], site: string, sls: (objects: Wanted) => Row): Tool {
  const program = join(dirname(saltPython()), 'salt-call')
  return {
    name,
    kinds,
    isIdle: false,
    read: readSalt,
    prepare: async (folder, place, objects) => {
      const connection = (address: string, token: string) => ({ address, ca_file: place.ca, token_file: token })
      await mkdir(join(folder, 'srv'), { recursive: true })
      await writeFile(join(folder, 'srv', 'objects.sls'), stringify(sls(objects), { lineWidth: 0 }))
      await writeFile(join(folder, 'minion'), JSON.stringify({
        ...{ id: 'bench', root_dir: folder, file_client: 'local', file_roots: { base: [join(folder, 'srv')] }, log_level: 'warning', log_file: join(folder, 'log') },
        eos: { connections: { nomad: connection(place.nomad, place.nomadToken), consul: connection(place.consul, place.consulToken) } },
      }))
      const call = (...args: readonly string[]): Command => ({ program, args: ['--local', '-c', folder, '--out=json', ...args], cwd: folder, env: { PYTHONPATH: site } })
      return { start: call('test.ping'), first: call('state.apply', 'objects'), 'no-op': call('state.apply', 'objects'), test: call('state.apply', 'objects', 'test=True') }
    },
  }
}

/** The SLS: one state per object. A job is not waited for, because the other tools do not wait either. */
export function slsOf(objects: Wanted): Row {
  const states = (run: string, items: readonly { readonly name: string }[], more: Row = {}): [string, Row][] =>
    items.map(({ name, ...rest }) => [name, { [run]: Object.entries({ ...rest, ...more }).map(([key, value]) => ({ [key]: value })) }])
  return Object.fromEntries([
    ...states('nomad_namespace.present', objects.namespaces),
    ...states('consul_acl_policy.present', objects.policies),
    ...states('consul_kv.present', objects.keys),
    ...states('nomad_job.present', objects.jobs, { within: '0s' }),
  ])
}

function nothingOf(objects: Wanted): Row {
  return Object.fromEntries(Object.values(slsOf(objects)).map((_, position) => [`nothing-${position}`, { 'test.nop': [{ what: `state ${position}` }] }]))
}

/** Counts what a state run says. */
export function readSalt(step: Step, code: number, stdout: string): Said {
  if (step === 'start') return { seen: null, changed: 0, failed: code === 0 ? 0 : 1 }
  const { local }: { local?: unknown } = JSON.parse(stdout)
  const results = isRow(local) ? Object.values(local).filter(isRow) : []
  const count = (holds: (one: Row) => boolean): number => results.filter(holds).length
  return {
    seen: results.length,
    changed: count(({ changes }) => isRow(changes) && Object.keys(changes).length > 0),
    failed: count(({ result }) => result === false) + (results.length === 0 ? 1 : 0),
  }
}
