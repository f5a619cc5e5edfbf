import { DiagnosticCategory, ModuleKind, ModuleResolutionKind, Project, ts } from 'ts-morph'
import type { Problem } from '../contract/problem.ts'
import { brokenRules } from './house-rules.ts'
import { placeAt, type Report } from './place.ts'

/** Type-checks everything that tsconfig.json includes (EOS190), and holds it to the rules of the house (EOS191). */
export function inspectProject(root: string): Problem[] {
  // ts-morph does not look up `"type": "module"`, so `nodenext` would take every file for CommonJS.
  const compilerOptions = { module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler }
  const project = new Project({ tsConfigFilePath: `${root}/tsconfig.json`, compilerOptions })
  return [...diagnose(project, root), ...brokenRules(project, root)]
}

/** What the compiler says about the files of a project. */
function diagnose(project: Project, root: string): Problem[] {
  const report: Report = { root, problems: [] }
  for (const diagnostic of project.getPreEmitDiagnostics()) {
    if (diagnostic.getCategory() !== DiagnosticCategory.Error) continue
    const source = diagnostic.getSourceFile()
    const message = diagnostic.getMessageText()
    const text = typeof message === 'string' ? message : ts.flattenDiagnosticMessageText(message.compilerObject, '\n')
    const where = source
      ? placeAt(report, source, diagnostic.getStart() ?? 0, diagnostic.getLength() ?? 1)
      : { file: 'tsconfig.json', line: 1, column: 1, text: '', length: 1 }
    const what = `TS${diagnostic.getCode()} ${oneLine(text)}`
    report.problems.push({ code: 'EOS190', what, expected: 'a file that type-checks', advice: 'read the compiler’s own words', where, also: [] })
  }
  return report.problems
}

/** Compiler errors on a line that the reader has already refused say the same thing worse. */
export function withoutEchoes(compiler: readonly Problem[], reader: readonly Problem[]): Problem[] {
  const said = new Set(reader.map(({ where }) => `${where.file}:${where.line}`))
  return compiler.filter(({ where }) => !said.has(`${where.file}:${where.line}`))
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').replace(/\.$/, '')
}
