import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../emit/templates/', import.meta.url))

/** The text of every template of the emitter, by name: `module.py` is `module.py.njk`. */
export function readTemplates(): Map<string, string> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.njk')).sort()
  return new Map(names.map((name) => [name.slice(0, -'.njk'.length), readFileSync(FOLDER + name, 'utf8')]))
}
