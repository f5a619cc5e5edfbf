import { parseArgs } from 'node:util'
import { Failure, messageOf } from '../run/failure.ts'

/** The flags and values of a verb; anything that the verb does not know is refused. */
export function readArguments(verb: string, args: readonly string[], flags: readonly string[], values: readonly string[] = []) {
  const options = Object.fromEntries([
    ...flags.map((name) => [name, { type: 'boolean' }] as const),
    ...values.map((name) => [name, { type: 'string' }] as const),
  ])
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: false })
    const found: Readonly<Record<string, unknown>> = parsed.values
    return {
      has: (flag: string): boolean => found[flag] === true,
      value: (name: string): string | undefined => {
        const value = found[name]
        return typeof value === 'string' ? value : undefined
      },
    }
  } catch (thrown) {
    const known = [...flags, ...values].map((name) => `--${name}`).join(', ') || 'no arguments'
    throw new Failure(`${verb}: ${messageOf(thrown).split('. ')[0]}; expected ${known}`, 'npm run lab -- help', 2)
  }
}
