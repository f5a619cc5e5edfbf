import { Node, type Project, type SourceFile } from 'ts-morph'
import type { Problem } from '../contract/problem.ts'
import { pathOf, placeOf, refuse, type Report } from './place.ts'

/** One rule of the house: it reports where a file breaks it. */
export type HouseRule = (report: Report, source: SourceFile) => void

/** Longest TypeScript file. */
const LINES = 300
const DECLARATION = /^src\/(components|plans|resources|events|beacons|policies)\//
const NOTHING_SAID = /^(utils|helpers|common|misc)\.ts$/

/** What may never be imported from where. */
export const WALLS: readonly { readonly claim: string; readonly from: RegExp; readonly never: RegExp }[] = [
  { claim: 'only src/read imports ts-morph', from: /^src\/(?!read\/)/, never: /^ts-morph$/ },
  { claim: 'emit touches no file, process or network', from: /^src\/emit\//, never: /^node:/ },
  { claim: 'contract touches no file, process or network', from: /^src\/contract\//, never: /^node:(?!crypto$)/ },
  { claim: 'contract knows neither reader nor emitter', from: /^src\/contract\//, never: /\.\.\/(read|emit|command)\// },
  { claim: 'the reader does not know the emitter', from: /^src\/read\//, never: /\.\.\/(emit|command)\// },
  { claim: 'the emitter does not know the reader', from: /^src\/emit\//, never: /\.\.\/(read|command)\// },
  { claim: 'the schema imports nothing but itself', from: /^src\/schema\//, never: /^(?!\.\/)/ },
  { claim: 'a declaration imports the schema and nothing else', from: DECLARATION, never: /^(?!(\.\.\/)+schema\/(index|policy)\.ts$)/ },
]

/** The rules that a machine can check, by what they claim. */
export const HOUSE_RULES: Readonly<Record<string, HouseRule>> = {
  'a file has at most 300 lines': (report, source) => {
    const lines = source.getEndLineNumber()
    if (lines > LINES) broken(report, source, `the file has ${lines} lines`, `at most ${LINES}`, 'split it by idea')
  },
  'a file has a kebab-case name that says something': (report, source) => {
    const name = source.getBaseName()
    if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?\.ts$/.test(name) || NOTHING_SAID.test(name)) broken(report, source, `${name} is no name for a file`, 'kebab-case words that say what is in it', 'rename it')
  },
  'exports are named, but for declarations': (report, source) => {
    const path = pathOf(report, source)
    if (DECLARATION.test(path) || path.endsWith('.config.ts')) return
    for (const node of source.getExportAssignments()) broken(report, node, 'a default export', 'named exports', 'name it')
  },
  'there is no `export *`': (report, source) => {
    for (const node of source.getExportDeclarations()) if (node.isNamespaceExport()) broken(report, node, '`export *` hides what is exported', 'exports by name', 'write the names')
  },
  'there is no `any`, `!`, bare `as`, enum or namespace': (report, source) => {
    source.forEachDescendant((node) => {
      const found = forbidden(node)
      if (found !== undefined) broken(report, node, `${found} is used`, '`unknown` and a claim about it, `satisfies` or `as const`', 'let the types say it')
    })
  },
  'an export says what it promises': (report, source) => {
    if (!/^src\//.test(pathOf(report, source)) || DECLARATION.test(pathOf(report, source))) return
    for (const node of source.getStatements()) if (isSilent(node)) broken(report, node, 'an export says nothing', 'one sentence above it that says what it promises', 'write it')
  },
  'the walls stand': (report, source) => {
    for (const { claim, from, never } of WALLS) {
      if (!from.test(pathOf(report, source))) continue
      for (const node of source.getImportDeclarations()) if (never.test(node.getModuleSpecifierValue())) broken(report, node, `this import crosses a wall: ${claim}`, 'data that flows from declaration to contract to emitted file', 'move what is needed')
    }
  },
}

/** Where the files of a project break the rules of the house. */
export function brokenRules(project: Project, root: string, rules: readonly HouseRule[] = Object.values(HOUSE_RULES)): Problem[] {
  const report: Report = { root, problems: [] }
  const ours = project.getSourceFiles().filter((source) => /^(src|test|kitchen)\//.test(pathOf(report, source)))
  for (const source of ours) for (const rule of rules) rule(report, source)
  return report.problems
}

function broken(report: Report, node: Node, what: string, expected: string, advice: string): void {
  refuse(report, 'EOS191', { ...placeOf(report, node), length: 1 }, what, expected, advice)
}

function forbidden(node: Node): string | undefined {
  if (node.getKindName() === 'AnyKeyword') return '`any`'
  if (Node.isNonNullExpression(node)) return 'a non-null `!`'
  if (Node.isAsExpression(node) && node.getTypeNode()?.getText() !== 'const') return 'a bare `as`'
  if (Node.isTypeAssertion(node)) return 'a type assertion'
  if (Node.isEnumDeclaration(node)) return 'an enum'
  return Node.isModuleDeclaration(node) && !/^['"]/.test(node.getName()) ? 'a namespace' : undefined
}

function isSilent(node: Node): boolean {
  const isBody = Node.isFunctionDeclaration(node) && node.getOverloads().length > 0
  return Node.isExportable(node) && node.isExported() && Node.isJSDocable(node) && node.getJsDocs().length === 0 && !isBody
}
