import { SCHEMA_VERSION } from '../contract/canonical.ts'
import type { ComponentContract, FileSpec, StateSpec } from '../contract/types.ts'
import { code, quote, type Python } from './python.ts'
import { argument, requisite, spread, type SaltState } from './salt-state.ts'

/** How the states of a component are named in its SLS. */
export interface Naming {
  /** The id as an expression; an f-string inside a loop over applications. */
  readonly id: (id: string) => Python
  /** The name that the gate goes by. */
  readonly gate: Python
}

/** The guard: it fails unless the pillar was compiled by a wheel of this schema. */
export function guardState(component: string): SaltState {
  return { id: 'guard', run: 'eos_guard.compiled', arguments: [argument('component', component), argument('schema', SCHEMA_VERSION)] }
}

/**
 * The states of a component behind its guard, each requiring the one before: packages, directories, identity,
 * prepare, files, unit, reload, converge, gate.
 */
export function chainOf(component: ComponentContract, first: Python, naming: Naming): SaltState[] {
  const { spec } = component
  const files = filesOf(component)
  const asks = (reload: string): SaltState[] => files.filter(({ file }) => file.reload === reload).map(({ state }) => state)
  const identity = spec.identity ? [identityState(component)] : []
  const watch = [...identity, ...asks('restart')].map((state) => requisite(state, naming.id))
  const onchanges = asks('reload').map((state) => requisite(state, naming.id))
  const states = [
    ...(spec.packages ? [{ id: 'packages', run: 'pkg.installed', arguments: [argument('pkgs', code('here.packages'))] }] : []),
    ...Object.keys(spec.storage ?? {}).map((path) => directoryState(path, spec.user ?? 'root')),
    ...identity,
    ...(spec.prepare ?? []).map(declaredState),
    ...files.map(({ state }) => state),
    ...(spec.unit === undefined ? [] : [unitState(spec.unit, watch)]),
    ...(spec.unit === undefined || onchanges.length === 0 ? [] : [reloadState(spec.unit, onchanges)]),
    ...(spec.converge ?? []).map(declaredState),
  ]
  return link([...states, gateState(component, states, naming)], first, naming)
}

function link(states: readonly SaltState[], first: Python, naming: Naming): SaltState[] {
  return states.map((state, index) => {
    const before = states[index - 1]
    return { ...state, requisites: { require: [before ? requisite(before, naming.id) : first], ...state.requisites } }
  })
}

function directoryState(path: string, user: string): SaltState {
  const owner = [argument('user', user), argument('group', user), argument('dir_mode', '0750')]
  return { id: `directory ${path}`, run: 'file.directory', arguments: [argument('name', path), ...owner, argument('makedirs', true)] }
}

function identityState(component: ComponentContract): SaltState {
  return {
    id: 'identity',
    run: 'eos_tls.installed',
    arguments: [argument('name', component.name), argument('sans', code('here.sans')), argument('user', component.spec.user ?? 'root')],
  }
}

function declaredState(state: StateSpec): SaltState {
  return { id: state.id, run: state.run, arguments: [spread(`here.arguments(${quote(state.id)})`)] }
}

/** One state per path; the last is the drop-in that holds the unit to its memory. */
function filesOf(component: ComponentContract): { readonly file: FileSpec; readonly state: SaltState }[] {
  const { files = [], unit } = component.spec
  const paths = [...new Set(files.map(({ path }) => path))]
  const declared = paths.flatMap((path) => files.find((file) => file.path === path) ?? [])
  const limits: FileSpec[] = unit === undefined ? [] : [{ path: `/etc/systemd/system/${unit}.d/eos.conf`, format: 'unit', reload: 'restart', data: {} }]
  return [...declared, ...limits].map((file) => ({ file, state: fileState(file) }))
}

function fileState(file: FileSpec): SaltState {
  const [user = 'root', group = 'root'] = (file.owner ?? 'root:root').split(':')
  const data = code(`here.data(${quote(file.path)})`)
  const owner = [argument('mode', file.mode ?? '0644'), argument('user', user), argument('group', group)]
  return { id: `file ${file.path}`, run: 'eos_file.managed', arguments: [argument('name', file.path), argument('format', file.format), argument('data', data), ...owner] }
}

function unitState(unit: string, watch: readonly Python[]): SaltState {
  return { id: 'unit', run: 'service.running', arguments: [argument('name', unit), argument('enable', true)], requisites: { watch } }
}

function reloadState(unit: string, onchanges: readonly Python[]): SaltState {
  return { id: 'reload', run: 'eos_unit.reloaded', arguments: [argument('name', unit)], requisites: { onchanges } }
}

function gateState(component: ComponentContract, states: readonly SaltState[], naming: Naming): SaltState {
  const watch = states.map((state) => requisite(state, naming.id))
  return {
    id: 'gate',
    run: 'eos_gate.passed',
    arguments: [argument('name', naming.gate), argument('component', component.name), argument('gate', code('here.gate'))],
    requisites: { watch },
  }
}
