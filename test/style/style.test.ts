import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Node, Project, type SourceFile } from 'ts-morph'
import { describe, expect, it } from 'vitest'
import { readTemplates } from '../../src/command/templates.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const project = new Project({ skipFileDependencyResolution: true })
project.addSourceFilesAtPaths([`${ROOT}src/**/*.ts`, `${ROOT}kitchen/**/*.ts`, `${ROOT}test/**/*.ts`, `!${ROOT}**/node_modules/**`])

const path = (source: SourceFile): string => source.getFilePath().slice(ROOT.length)
const isDeclaration = (name: string): boolean => /^src\/(components|plans|resources|events|beacons|policies)\//.test(name)
const sources = project.getSourceFiles()
const ours = sources.filter((source) => path(source).startsWith('src/'))

/** Where a rule is broken: `file:line what`. */
type Rule = (source: SourceFile) => string[]

const at = (node: Node, what: string): string => `${path(node.getSourceFile())}:${node.getStartLineNumber()} ${what}`

const RULES: Readonly<Record<string, Rule>> = {
  'stays within 300 lines': (source) => (source.getEndLineNumber() > 300 ? [`${path(source)} has ${source.getEndLineNumber()} lines`] : []),
  'has a kebab-case name that says something': (source) => (/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(basename(path(source))) && !/^(utils|helpers|common|misc)\.ts$/.test(basename(path(source))) ? [] : [path(source)]),
  'has named exports only, but for declarations': (source) =>
    source.getExportAssignments().filter(() => !isDeclaration(path(source)) && basename(path(source)) !== 'vitest.config.ts').map((node) => at(node, 'export default')),
  'has no `export *`': (source) => source.getExportDeclarations().filter((node) => node.isNamespaceExport()).map((node) => at(node, 'export *')),
  'has no `any`, `!`, bare `as`, enum or namespace': (source) =>
    source.getDescendants().flatMap((node) => {
      if (node.getKindName() === 'AnyKeyword') return [at(node, 'any')]
      if (Node.isNonNullExpression(node)) return [at(node, '!')]
      if (Node.isAsExpression(node) && node.getTypeNode()?.getText() !== 'const') return [at(node, 'as')]
      if (Node.isTypeAssertion(node)) return [at(node, '<T>')]
      if (Node.isEnumDeclaration(node)) return [at(node, 'enum')]
      return Node.isModuleDeclaration(node) && !/^['"]/.test(node.getName()) ? [at(node, 'namespace')] : []
    }),
  'documents each export': (source) => {
    if (!path(source).startsWith('src/') || isDeclaration(path(source))) return []
    return source.getStatements().flatMap((statement) => (Node.isExportable(statement) && statement.isExported() && Node.isJSDocable(statement) && statement.getJsDocs().length === 0 && !isOverload(statement) ? [at(statement, statement.getText().slice(0, 40))] : []))
  },
}

function isOverload(node: Node): boolean {
  return Node.isFunctionDeclaration(node) && node.isOverload() === false && node.getOverloads().length > 0
}

const WALLS: readonly { readonly claim: string; readonly from: RegExp; readonly never: RegExp }[] = [
  { claim: 'only src/read imports ts-morph', from: /^src\/(?!read\/)/, never: /^ts-morph$/ },
  { claim: 'emit touches no file, process or network', from: /^src\/emit\//, never: /^node:|^ts-morph$/ },
  { claim: 'contract touches no file and no compiler', from: /^src\/contract\//, never: /^node:|^ts-morph$/ },
  { claim: 'contract knows neither reader nor emitter', from: /^src\/contract\//, never: /\.\.\/(read|emit|command)\// },
  { claim: 'the reader does not know the emitter', from: /^src\/read\//, never: /\.\.\/(emit|command)\// },
  { claim: 'the emitter does not know the reader', from: /^src\/emit\//, never: /\.\.\/(read|command)\// },
  { claim: 'the schema imports nothing', from: /^src\/schema\//, never: /./ },
  { claim: 'a declaration imports the schema and nothing else', from: /^src\/(components|plans|resources)\//, never: /^(?!(\.\.\/)+schema\/index\.ts$)/ },
]

describe('every TypeScript file', () => {
  it.each(Object.entries(RULES))('%s', (_, rule) => {
    expect(sources.flatMap(rule)).toEqual([])
  })
})

describe('the walls', () => {
  it.each(WALLS)('$claim', ({ from, never }) => {
    const crossed = ours.filter((source) => from.test(path(source))).flatMap((source) => source.getImportDeclarations().filter((node) => never.test(node.getModuleSpecifierValue())).map((node) => at(node, node.getModuleSpecifierValue())))
    expect(crossed).toEqual([])
  })
})

/** A type may stand in the signature of an export beside it. */
function isType(node: Node): boolean {
  return Node.isInterfaceDeclaration(node) || Node.isTypeAliasDeclaration(node)
}

describe('nothing is dead', () => {
  it('has no export that nobody imports', () => {
    const texts = sources.map((source) => ({ name: path(source), text: source.getFullText() }))
    const unused = ours
      .filter((source) => !isDeclaration(path(source)) && !path(source).startsWith('src/schema/'))
      .flatMap((source) => [...source.getExportedDeclarations()].filter(([, nodes]) => !nodes.every(isType)).map(([name]) => ({ name, home: path(source) })))
      .filter(({ name, home }) => texts.every(({ name: file, text }) => file === home || !new RegExp(`\\b${name}\\b`).test(text)))
    expect(unused).toEqual([])
  })

  it('has no template that the emitter does not render', () => {
    const emit = readFileSync(`${ROOT}src/emit/emit.ts`, 'utf8')
    expect([...readTemplates().keys()].filter((name) => !emit.includes(`'${name}'`))).toEqual([])
  })
})

describe('the rules themselves', () => {
  const broken: readonly { readonly rule: string; readonly text: string }[] = [
    { rule: 'stays within 300 lines', text: '\n'.repeat(301) },
    { rule: 'has named exports only, but for declarations', text: 'export default 1' },
    { rule: 'has no `export *`', text: "export * from './x.ts'" },
    { rule: 'has no `any`, `!`, bare `as`, enum or namespace', text: 'export const x: any = 1' },
    { rule: 'has no `any`, `!`, bare `as`, enum or namespace', text: 'export const x = y!' },
    { rule: 'has no `any`, `!`, bare `as`, enum or namespace', text: 'export const x = y as string' },
    { rule: 'has no `any`, `!`, bare `as`, enum or namespace', text: 'enum X {}' },
    { rule: 'documents each export', text: 'export const x = 1' },
  ]

  it.each(broken)('$rule: fails on `$text`', ({ rule, text }) => {
    const source = project.createSourceFile(`${ROOT}src/contract/zz-broken.ts`, text, { overwrite: true })
    expect(RULES[rule]?.(source)).toHaveLength(1)
    source.forget()
  })

  it('has a kebab-case name that says something: fails on utils.ts', () => {
    const source = project.createSourceFile(`${ROOT}src/contract/utils.ts`, '', { overwrite: true })
    expect(RULES['has a kebab-case name that says something']?.(source)).toHaveLength(1)
    source.forget()
  })
})
