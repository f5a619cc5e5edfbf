import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Contracts } from '../contract/types.ts'

/** Where hooks are written by hand: one file per declaration that has any. */
const FOLDER = 'saltext/eos/hooks'

/** Declared hooks without a function, and functions of a hook's form that nobody declares. */
export function judgeHooks(root: string, contracts: Contracts): string[] {
  const declared = declaredHooks(contracts)
  const written = writtenHooks(root)
  const missing = [...declared].flatMap(([name, hooks]) =>
    hooks
      .filter(({ hook }) => !written.get(name)?.all.includes(hook))
      .map(({ hook, source }) => `${source} EOS320 hook \`${hook}\` has no function; expected \`def ${hook}(…)\` in ${FOLDER}/${name}.py; write it, or take the hook away`),
  )
  const idle = [...written].flatMap(([name, { hooks }]) =>
    hooks
      .filter((hook) => !declared.get(name)?.some((one) => one.hook === hook))
      .map((hook) => `${FOLDER}/${name}.py EOS321 function \`${hook}\` is the hook of nobody; expected a declaration \`${name}\` that names it; remove it, or declare it`),
  )
  return [...missing, ...idle]
}

interface Declared {
  readonly hook: string
  readonly source: string
}

function declaredHooks(contracts: Contracts): Map<string, readonly Declared[]> {
  const components = contracts.components.map(({ name, source, spec }) => {
    const probes = spec.gate.probes.flatMap(({ hook }) => hook ?? [])
    return [name, [...(spec.hooks ?? []), ...probes].map((hook) => ({ hook, source }))] as const
  })
  const resources = contracts.resources.map(({ name, source, spec }) => [name, (spec.hooks ?? []).map((hook) => ({ hook, source }))] as const)
  return new Map([...components, ...resources])
}

/** The functions of each file: all of them, and those of a component's hook, which takes values and a context. */
function writtenHooks(root: string): Map<string, { readonly all: readonly string[]; readonly hooks: readonly string[] }> {
  const folder = `${root}/${FOLDER}`
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.py') && file !== '__init__.py').sort() : []
  return new Map(
    files.map((file) => {
      const text = readFileSync(`${folder}/${file}`, 'utf8')
      const names = (pattern: RegExp): string[] => [...text.matchAll(pattern)].flatMap(([, name]) => name ?? [])
      return [file.slice(0, -'.py'.length), { all: names(/^def (\w+)\(/gm), hooks: names(/^def ([a-z]\w*)\(\s*values\b[^)]*\bcontext\b/gm) }]
    }),
  )
}
