import { existsSync, readFileSync } from 'node:fs'
import type { Contracts } from '../contract/types.ts'

/** Where the looks are written that a policy asks for by name. */
const FILE = 'saltext/eos/heal_checks.py'

/** Looks that a policy asks for and nobody wrote, and those that nobody asks for. */
export function judgePolicyHooks(root: string, { policies }: Contracts): string[] {
  const path = `${root}/${FILE}`
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const written = [...text.matchAll(/^def ([a-z]\w*)\(/gm)].flatMap(([, name]) => name ?? [])
  const asked = policies.flatMap(({ source, spec }) => (spec.require.hook === undefined ? [] : [{ hook: spec.require.hook, source }]))
  const missing = asked
    .filter(({ hook }) => !written.includes(hook))
    .map(({ hook, source }) => `${source} EOS320 hook \`${hook}\` has no function; expected \`def ${hook}(subject, view)\` in ${FILE}; write it, or take the hook away`)
  const idle = written
    .filter((name) => asked.every(({ hook }) => hook !== name))
    .map((name) => `${FILE} EOS321 function \`${name}\` is the hook of nobody; expected a policy that names it; remove it, or declare it`)
  return [...missing, ...idle]
}
