/** `serfLan` and `vault-open` as the contract names them: `serf_lan`, `vault_open`. */
export function snakeCase(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()
}

/** Names that commands and orchestrations use. */
const VERBS = ['init', 'apply', 'drift', 'stop', 'start'] as const
/** Keys of the pillar below `eos` that are no component. */
const PILLAR = ['stack', 'topology', 'apps', 'objects', 'compiled'] as const
/** Heads of references. */
const HEADS = ['node', 'peers', 'budget', 'derive', 'each'] as const

/** Names that no component may have, besides the plans. */
export const RESERVED: readonly string[] = [...VERBS, ...PILLAR, ...HEADS]

/** Ids that the emitter gives to the states of every component. */
export const STATE_IDS: readonly string[] = ['guard', 'packages', 'identity', 'unit', 'reload', 'gate']

/** Words of Python that no parameter of a function can be called. */
const PYTHON = ['and', 'as', 'assert', 'async', 'await', 'break', 'class', 'continue', 'def', 'del', 'elif', 'else', 'except', 'finally', 'for', 'from', 'global', 'if', 'import', 'in', 'is', 'lambda', 'nonlocal', 'not', 'or', 'pass', 'raise', 'return', 'try', 'while', 'with', 'yield']
/** Arguments that Salt takes out of every state before it calls it. */
const SALT = [
  'check_cmd', 'cmd_opts_exclude', 'creates', 'failhard', 'fire_event', 'fun', 'listen', 'listen_in', 'names', 'no_log', 'onchanges', 'onchanges_any', 'onchanges_in', 'onfail', 'onfail_all', 'onfail_any', 'onfail_in', 'onfail_stop', 'onlyif', 'order', 'parallel',
  'prereq', 'prereq_in', 'prerequired', 'reload_grains', 'reload_modules', 'reload_pillar', 'require', 'require_any', 'require_in', 'retry', 'runas', 'runas_password', 'saltenv', 'state', 'test', 'umask', 'unless', 'use', 'use_in', 'watch', 'watch_any', 'watch_in',
]

/** Whose word a name is that no field of a resource may have; undefined for all others. */
export function takenBy(name: string): string | undefined {
  if (PYTHON.includes(name)) return 'a word of Python'
  if (SALT.includes(name)) return 'an argument of every state of Salt'
  if (name === 'absent') return 'how the pillar says that an object is to go'
  return name === 'converge' ? 'the kernel that the emitted functions call' : undefined
}
