import { Node, type CallExpression, type InterfaceDeclaration, type SourceFile } from 'ts-morph'
import { documentation } from './documentation.ts'
import { readLiteral, type Literal } from './literal.ts'
import { snakeCase } from './names.ts'
import { pathOf, placeOf, refuse, type Report } from './place.ts'
import { FOLDERS } from './project.ts'
import type { Place } from '../contract/problem.ts'

/** The kinds that the generator reads. */
export type Kind = keyof typeof FOLDERS

/** A declaration file, cut into its parts; what stands in the literal is not judged yet. */
export interface Declaration {
  readonly kind: Kind
  /** Path below the folder of its kind, without extension: the key by which others name it. */
  readonly key: string
  /** The name in the contract. */
  readonly name: string
  readonly source: string
  readonly doc: string
  readonly shape: InterfaceDeclaration | undefined
  readonly literal: Literal
  readonly place: Place
}

const DEFINERS: { readonly [definer: string]: Kind } = { defineBeacon: 'beacon', defineComponent: 'component', defineEvent: 'event', definePlan: 'plan', definePolicy: 'policy', defineResource: 'resource' }
/** Kinds that others name by their registry key. */
const REGISTRIES: { readonly [kind: string]: string } = { component: 'Components', event: 'Events' }
/** Kinds that are one literal and have no interface. */
const SHAPELESS: readonly Kind[] = ['plan', 'policy']
const ALLOWED = [Node.isImportDeclaration, Node.isInterfaceDeclaration, Node.isModuleDeclaration, Node.isExportAssignment]

/** Cuts one file into the parts of its declaration, or reports why it cannot. */
export function readDeclaration(report: Report, source: SourceFile): Declaration | undefined {
  const path = pathOf(report, source)
  const kind = kindOf(path)
  if (!kind) return undefined
  for (const statement of source.getStatements()) {
    if (Node.isInterfaceDeclaration(statement) && statement.compilerNode.heritageClauses !== undefined) refuseInheritance(report, statement)
    if (ALLOWED.some((isAllowed) => isAllowed(statement))) continue
    refuse(report, 'EOS107', placeOf(report, statement), 'a statement has no business here', 'imports from the schema, interfaces, the registry line and one default export', 'remove it; nothing of a declaration is ever executed')
  }
  const call = defaultCall(source)
  const definer = call?.getExpression().getText() ?? ''
  const argument = call?.getArguments()[0]
  if (!call || DEFINERS[definer] !== kind || !Node.isExpression(argument)) {
    const expected = Object.keys(DEFINERS).find((name) => DEFINERS[name] === kind)
    refuse(report, 'EOS101', placeOf(report, call ?? source.getStatements()[0] ?? source), `${path} declares no ${kind}`, `\`export default ${expected}…({…})\``, 'add it, or move the file away')
    return undefined
  }
  const key = path.slice(FOLDERS[kind].length + 1, -'.ts'.length)
  const name = snakeCase(key).replaceAll('/', '_')
  const isLiteral = SHAPELESS.includes(kind)
  const shape = isLiteral ? undefined : shapeOf(report, source, call)
  if (!isLiteral && !shape) return undefined
  if (REGISTRIES[kind] !== undefined && shape) checkRegistry(report, source, kind, key, shape)
  const documented: Node = shape ?? call.getParentOrThrow()
  const doc = documentation(documented)
  if (doc === undefined) refuse(report, 'EOS106', placeOf(report, shape?.getNameNode() ?? call), `${kind} ${key} is not documented`, 'a JSDoc sentence directly above it', 'say what it is for')
  const literal = readLiteral(report, argument)
  return literal && { kind, key, name, source: path, doc: doc ?? '', shape, literal, place: placeOf(report, shape?.getNameNode() ?? call.getExpression()) }
}

function refuseInheritance(report: Report, shape: InterfaceDeclaration): void {
  for (const base of shape.getExtends()) refuse(report, 'EOS110', placeOf(report, base), `an interface extends \`${base.getText()}\``, 'interfaces whose fields all stand in them', 'write the fields out')
}

/** The kind of declaration that a folder holds. */
function kindOf(path: string): Kind | undefined {
  const found = Object.entries(FOLDERS).find(([, folder]) => path.startsWith(`${folder}/`))
  return found && DEFINERS[`define${found[0].charAt(0).toUpperCase()}${found[0].slice(1)}`]
}

function defaultCall(source: SourceFile): CallExpression | undefined {
  const assignment = source.getExportAssignment((candidate) => !candidate.isExportEquals())
  const expression = assignment?.getExpression()
  return Node.isCallExpression(expression) ? expression : undefined
}

function shapeOf(report: Report, source: SourceFile, call: CallExpression): InterfaceDeclaration | undefined {
  const argument = call.getTypeArguments()[0]
  const name = argument?.getText()
  const shape = name === undefined ? undefined : source.getInterface(name)
  if (shape?.isExported()) return shape
  const what = name === undefined ? 'the define function has no type argument' : `interface ${name} is not exported by this file`
  refuse(report, 'EOS102', placeOf(report, argument ?? call.getExpression()), what, 'an exported interface of the same file', 'declare it and name it in the type argument')
  return undefined
}

function checkRegistry(report: Report, source: SourceFile, kind: Kind, key: string, shape: InterfaceDeclaration): void {
  const registry = REGISTRIES[kind] ?? ''
  const form = `\`declare module '../schema/index.ts' { interface ${registry} { ${/^[a-z]+$/i.test(key) ? key : `'${key}'`}: ${shape.getName()} } }\``
  const lines = source
    .getModules()
    .filter((module) => module.getName().replaceAll(/['"]/g, '').endsWith('schema/index.ts'))
    .flatMap((module) => module.getInterface(registry)?.getProperties() ?? [])
  const [line, second] = lines
  if (!line) {
    refuse(report, 'EOS103', placeOf(report, shape.getNameNode()), `${kind} ${key} is not registered`, form, 'add the line')
    return
  }
  const registered = line.getName().replaceAll(/['"]/g, '')
  if (registered !== key) refuse(report, 'EOS103', placeOf(report, line.getNameNode()), `registry key \`${registered}\` is not the path of the file`, `\`${key}\``, `make the key equal to the path below ${FOLDERS[kind]}`)
  const type = line.getTypeNode()
  if (type && type.getText() !== shape.getName()) refuse(report, 'EOS103', placeOf(report, type), `registry key \`${key}\` stands for ${type.getText()}`, `\`${shape.getName()}\`, the interface of this file`, 'name that interface')
  if (second) refuse(report, 'EOS103', placeOf(report, second.getNameNode()), `a file registers a second ${kind}`, form, 'remove the other line')
}
