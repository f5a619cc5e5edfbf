import { dirname, join } from 'node:path'

/** A path inside the repository. */
export function projectPath(...parts: readonly string[]): string {
  return join(dirname(dirname(import.meta.dirname)), ...parts)
}
