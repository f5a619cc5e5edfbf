import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { projectPath } from '../../../kitchen/run/project.ts'
import { sidecarProgram } from '../../../kitchen/sidecar/program.ts'

/** Puts the sidecar below a folder as its package has it, JavaScript started by the package's own script, and returns what starts it. */
export async function packagedSidecar(folder: string): Promise<readonly string[]> {
  for (const { path, text } of await sidecarProgram()) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const script = join(folder, 'eos-sidecar')
  const installed = readFileSync(projectPath('kitchen', 'sidecar', 'files', 'eos-sidecar'), 'utf8')
  writeFileSync(script, installed.replaceAll('/usr/lib/eos-node/node', process.execPath).replaceAll('/usr/lib/eos-sidecar', folder))
  chmodSync(script, 0o755)
  return [script]
}
