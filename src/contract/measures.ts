import type { JsonObject } from './types.ts'

/** How declarations, contracts and the pillar write a size, such as `128MiB`. */
export const SIZE = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(KiB|MiB|GiB|TiB)$' } as const satisfies JsonObject

/** How they write a span of time, such as `90s`. */
export const DURATION = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$' } as const satisfies JsonObject
