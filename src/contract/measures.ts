import type { JsonObject } from './types.ts'

/** How declarations, contracts and the pillar write a size, such as `128MiB`. */
export const SIZE = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(KiB|MiB|GiB|TiB)$' } as const satisfies JsonObject

/** How they write a span of time, such as `90s`. */
export const DURATION = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$' } as const satisfies JsonObject

/** How a state may write a span of time besides a number of seconds: `90s`, `1h30m`, `72h0m0s`. */
export const SPAN = { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h|d))+$' } as const satisfies JsonObject

/** Text with `/` between its parts, none of them empty, `.` or `..`; as long as Consul's longest key. */
export const SLASHED = { type: 'string', pattern: '^(?!/)(?!\\.\\.?(/|$))(?![\\s\\S]*(//|/\\.\\.?(/|$)))[^\\x00-\\x1f\\x7f]{0,511}[^\\x00-\\x1f\\x7f/]$' } as const satisfies JsonObject

/** Longest text that a `Matching` or `Text` may ask for: a pattern is no place for more. */
export const LONGEST_TEXT = 65_535
