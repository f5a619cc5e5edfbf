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
