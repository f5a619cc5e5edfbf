import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Node, Project } from 'ts-morph'
import { describe, expect, it } from 'vitest'
import { readTemplates } from '../src/command/templates.ts'
import { formatProblem } from '../src/contract/problem.ts'
import { brokenRules, HOUSE_RULES, WALLS } from '../src/read/house-rules.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url)).replace(/\/$/, '')
const project = new Project({ skipFileDependencyResolution: true })
project.addSourceFilesAtPaths([`${ROOT}/src/**/*.ts`, `${ROOT}/kitchen/**/*.ts`, `${ROOT}/test/**/*.ts`, `!${ROOT}/**/node_modules/**`])

describe('every TypeScript file keeps the rules of the house', () => {
  it.each(Object.entries(HOUSE_RULES))('%s', (_, rule) => {
    expect(brokenRules(project, ROOT, [rule]).map(formatProblem)).toEqual([])
  })
})

describe('nothing is dead', () => {
  it('has no exported value that nobody imports', () => {
    const texts = project.getSourceFiles().map((source) => ({ name: source.getFilePath(), text: source.getFullText() }))
    const unused = project
      .getSourceFiles(`${ROOT}/src/{read,contract,emit,command}/**/*.ts`)
      .flatMap((source) => [...source.getExportedDeclarations()].filter(([, nodes]) => !nodes.every(isType)).map(([name]) => ({ name, home: source.getFilePath() })))
      .filter(({ name, home }) => texts.every(({ name: file, text }) => file === home || !new RegExp(`\\b${name}\\b`).test(text)))
    expect(unused).toEqual([])
  })

  it('has no template that the emitter does not render', () => {
    const emit = readFileSync(`${ROOT}/src/emit/emit.ts`, 'utf8')
    expect([...readTemplates().keys()].filter((name) => !emit.includes(`'${name}'`))).toEqual([])
  })
})

describe('a broken rule is found', () => {
  it.each([
    { name: 'src/contract/broken.ts', text: '\n'.repeat(301), says: /broken\.ts:302:1 EOS191 the file has 302 lines; expected at most 300; split it by idea/ },
    { name: 'src/contract/utils.ts', text: '', says: /utils\.ts:1:1 EOS191 utils\.ts is no name for a file/ },
    { name: 'src/contract/camelCase.ts', text: '', says: /EOS191 camelCase\.ts is no name for a file/ },
    { name: 'src/contract/broken.ts', text: 'export default 1', says: /:1:1 EOS191 a default export/ },
    { name: 'src/contract/broken.ts', text: "export * from './x.ts'", says: /:1:1 EOS191 `export \*`/ },
    { name: 'src/contract/broken.ts', text: '/** X. */\nexport const x: any = 1', says: /:2:17 EOS191 `any` is used/ },
    { name: 'test/broken.ts', text: 'const x = y!', says: /:1:11 EOS191 a non-null `!` is used/ },
    { name: 'test/broken.ts', text: 'const x = y as string', says: /:1:11 EOS191 a bare `as` is used/ },
    { name: 'test/broken.ts', text: 'enum X {}', says: /:1:1 EOS191 an enum is used/ },
    { name: 'test/broken.ts', text: 'namespace X {}', says: /:1:1 EOS191 a namespace is used/ },
    { name: 'src/contract/broken.ts', text: 'export const x = 1', says: /:1:1 EOS191 an export says nothing/ },
  ])('$says', ({ name, text, says }) => {
    expect(judged(name, text)).toEqual([expect.stringMatching(says)])
  })

  it.each([
    ['src/emit/broken.ts', 'ts-morph'],
    ['src/emit/broken.ts', 'node:fs'],
    ['src/contract/broken.ts', 'node:fs'],
    ['src/contract/broken.ts', '../read/read.ts'],
    ['src/read/broken.ts', '../emit/emit.ts'],
    ['src/emit/broken.ts', '../read/read.ts'],
    ['src/schema/broken.ts', '../read/read.ts'],
    ['src/components/broken.ts', './consul.ts'],
  ])('a wall: %s imports %s', (name, imported) => {
    expect(judged(name, `import '${imported}'`)).toEqual([expect.stringMatching(/:1:1 EOS191 this import crosses a wall: /)])
  })

  it('covers every wall', () => {
    expect(WALLS).toHaveLength(8)
  })
})

/** The first lines of what is said about one file. */
function judged(name: string, text: string): string[] {
  const alone = new Project({ useInMemoryFileSystem: true, skipFileDependencyResolution: true })
  alone.createSourceFile(`/repository/${name}`, text)
  return brokenRules(alone, '/repository').map((problem) => formatProblem(problem).split('\n')[0] ?? '')
}

/** A type may stand in the signature of an export beside it. */
function isType(node: Node): boolean {
  return Node.isInterfaceDeclaration(node) || Node.isTypeAliasDeclaration(node)
}
