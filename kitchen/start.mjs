// Starts a TypeScript entry on the Node that package.json pins, and installs the packages first where they are missing.
// Plain JavaScript for Node 20: it runs in a fresh clone, before anything is there.
// Usage: node kitchen/start.mjs <entry.ts> [arguments...]

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const node = join(root, 'node_modules', '.bin', 'node')

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

// True when every package of the lock file stands in node_modules in its locked version.
function isInstalled() {
  const present = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(present) || !existsSync(node)) return false
  const found = packagesOf(present)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(
    ([path, wanted]) => path === '' || wanted.optional === true || found[path]?.version === wanted.version,
  )
}

function install() {
  const started = Date.now()
  process.stderr.write('packages: npm ci …\n')
  const done = spawnSync('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] })
  if (done.status !== 0) {
    process.stderr.write('packages: npm ci failed; expected it to install package-lock.json; see the lines above and run this command again\n')
    process.exit(1)
  }
  process.stderr.write(`packages: npm ci, ${((Date.now() - started) / 1000).toFixed(0)} s\n`)
}

const [entry, ...rest] = process.argv.slice(2)
if (entry === undefined) {
  process.stderr.write('no entry given; expected a TypeScript file; use the scripts of package.json\n')
  process.exit(2)
}
if (!isInstalled()) install()

const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, entry), ...rest], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
