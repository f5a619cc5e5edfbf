import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Project } from 'ts-morph'
import { buildContracts } from '../../src/contract/build.ts'
import { CHECKS } from '../../src/contract/checks.ts'
import type { Check } from '../../src/contract/check.ts'
import { formatProblem, sortProblems } from '../../src/contract/problem.ts'
import type { Contracts } from '../../src/contract/types.ts'
import { readDeclarations } from '../../src/read/read.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FIXTURE = `${ROOT}test/fixture/stack`

/** Declarations by path below a repository. */
export type Files = ReadonlyMap<string, string>

/** Four components, two events, a beacon, three policies, a resource with every word, the product's plans and its Nomad namespace: a stack without a mistake. */
export function stack(): Files {
  const fixtures = Object.entries({ components: 'components', events: 'events/house', beacons: 'beacons', policies: 'policies', resources: 'resources/consul' }).flatMap(([folder, target]) =>
    readdirSync(`${FIXTURE}/${folder}`).map((name) => [`src/${target}/${name.replace('.txt', '')}`, readFileSync(`${FIXTURE}/${folder}/${name}`, 'utf8')] as const),
  )
  const others = ['src/plans/apply.ts', 'src/plans/bootstrap.ts', 'src/resources/nomad/namespace.ts'].map((path) => [path, readFileSync(ROOT + path, 'utf8')] as const)
  return new Map([...fixtures, ...others])
}

/** The same files with one text replaced; it must be there exactly once. */
export function edit(files: Files, path: string, from: string, to: string): Files {
  const text = files.get(path) ?? ''
  const count = text.split(from).length - 1
  if (count !== 1) throw new Error(`${path} has ${count} times: ${from}`)
  return new Map([...files, [path, text.replace(from, () => to)]])
}

/** What the generator makes of declarations. */
export interface Judged {
  readonly contracts: Contracts
  /** First line of each problem, as printed. */
  readonly says: readonly string[]
  /** All problems with their frames. */
  readonly text: string
}

/** Reads and checks declarations in memory, with all checks or with some. */
export function judge(files: Files, checks: readonly Check[] = CHECKS): Judged {
  const project = new Project({ useInMemoryFileSystem: true, skipFileDependencyResolution: true })
  for (const [path, text] of files) project.createSourceFile(`/repository/${path}`, text)
  const reading = readDeclarations(project, '/repository')
  const built = buildContracts(reading, checks)
  const texts = sortProblems([...reading.problems, ...built.problems]).map(formatProblem)
  return { contracts: built.contracts, says: texts.map((text) => text.split('\n')[0] ?? ''), text: texts.join('\n\n') }
}
