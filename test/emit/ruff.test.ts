import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { environmentOf } from '../../kitchen/python/environments.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const GOLDEN = join(ROOT, 'test/golden/stack')

/** Runs ruff over copies of generated Python, each SLS under a name that ruff takes for Python. */
async function ruff(...argv: string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'eos-ruff-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const tree of ['salt', 'saltext']) cpSync(join(GOLDEN, tree), join(folder, tree), { recursive: true })
  const names = spawnSync('find', [folder, '-name', '*.sls'], { encoding: 'utf8' }).stdout.trim().split('\n')
  for (const name of names) cpSync(name, name.replace(/sls$/, 'py'))
  const program = join(await environmentOf('tools'), 'bin/ruff')
  const { stdout, stderr, status } = spawnSync(program, [...argv, '--no-cache', '--config', join(ROOT, 'pyproject.toml'), folder], { encoding: 'utf8' })
  return status === 0 ? '' : stdout + stderr
}

describe('generated Python', () => {
  it('is formatted as ruff would', async () => {
    expect(await ruff('format', '--diff')).toBe('')
  }, 120_000)

  it('has nothing that ruff would complain of', async () => {
    expect(await ruff('check', '--ignore', 'N807', '--config', 'lint.isort.known-first-party=["saltext"]')).toBe('')
  }, 120_000)
})
