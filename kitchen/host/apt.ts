import { existsSync } from 'node:fs'
import { run } from '../run/command.ts'
import { Failure } from '../run/failure.ts'
import { say, step } from '../run/progress.ts'

const quiet = { DEBIAN_FRONTEND: 'noninteractive' }

/** Installs the Debian packages whose files are missing on this machine; the map is file to package. */
export async function needOnHost(files: Readonly<Record<string, string>>): Promise<void> {
  const missing = [...new Set(Object.entries(files).filter(([file]) => !existsSync(file)).map(([, name]) => name))]
  if (missing.length === 0) return
  if (process.getuid?.() !== 0) {
    throw new Failure(`this machine lacks ${missing.join(', ')}; expected them or root`, `run as root, or: apt-get install ${missing.join(' ')}`)
  }
  say(`this machine lacks ${missing.join(', ')}: installing with apt`)
  await step('apt-get update', () => run('apt-get', ['update', '-qq'], { env: quiet }))
  await step(`apt-get install ${missing.join(' ')}`, () =>
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env: quiet }),
  )
}
