import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attempt, run } from '../../kitchen/run/command.ts'
import { projectPath } from '../../kitchen/run/project.ts'
import { sidecarProgram } from '../../kitchen/sidecar/program.ts'

const PACKING = 60_000
/** Packs in a process with a cache of its own, so that nothing packed before is found. */
const PACK = `import('${projectPath('kitchen/sidecar/package.ts')}').then((made) => made.sidecarPackage()).then((path) => process.stdout.write(path))`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eos-package-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function packed(cache: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  return run(process.execPath, ['-e', PACK], { env: { ...env, EOS_CACHE: join(folder, cache) } })
}

describe('the Debian package of the sidecar', () => {
  test('has the same bytes wherever it is packed, and others with another SOURCE_DATE_EPOCH', async () => {
    const [one, other, later] = [await packed('one'), await packed('other'), await packed('later', { SOURCE_DATE_EPOCH: '1700000000' })]
    expect(await readFile(other)).toEqual(await readFile(one))
    expect(await readFile(later)).not.toEqual(await readFile(one))
  }, 3 * PACKING)

  test('holds a program that runs without this repository and without TypeScript', async () => {
    const root = join(folder, 'root')
    await run('dpkg-deb', ['--extract', await packed('one'), root])
    const program = join(root, 'usr/lib/eos-sidecar/src/sidecar/main.js')
    expect((await attempt(process.execPath, ['--no-strip-types', program, '--version'], { cwd: '/' })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    const refused = await attempt(process.execPath, ['--no-strip-types', program, '--check', '--config', '/nowhere.json'], { cwd: '/' })
    expect(refused).toMatchObject({ code: 78, stderr: expect.stringContaining('EOS602') })
    const names = await readdir(root, { recursive: true })
    expect(names.filter((name) => name.endsWith('.ts'))).toEqual([])
  }, PACKING)

  test('has every thread that the program starts', async () => {
    const paths = (await sidecarProgram()).map(({ path }) => path)
    expect(paths).toEqual(expect.arrayContaining(['src/sidecar/main.js', 'src/sidecar/journal/worker.js', 'generated/events/table.json', 'package.json']))
  })
})
