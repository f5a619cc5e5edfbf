import { isRole, type ComponentContract, type Json, type JsonObject, type ResourceContract, type RoleField, type Schema } from '../contract/types.ts'
import { HEAL } from './heal-settings.ts'
import { objectsSchema } from './pillar-objects.ts'

const NAME = '^[a-z][a-z0-9-]{0,62}$'
const SIZE = '^[0-9]+(\\.[0-9]+)?(KiB|MiB|GiB|TiB)$'

/** The JSON Schema of the pillar below `eos`, for editors and checks. */
export function pillarSchema(components: readonly ComponentContract[], resources: readonly ResourceContract[]): Schema {
  const once = components.filter(({ spec }) => spec.each === undefined)
  const sections = once.filter((component) => Object.keys(settable(component)).length > 0)
  const required = sections.filter((component) => 'required' in section(component)).map(({ name }) => name)
  const needed = ['stack', 'topology', ...required]
  const whole = closed('Everything that Eos reads from the pillar, below the key `eos`.', {
    stack: stack(),
    topology: { type: 'object', description: 'Every node of the stack, by minion id.', additionalProperties: node(components) },
    heal: HEAL,
    ...Object.fromEntries(sections.map((component) => [component.name, section(component)])),
    ...apps(components),
    ...(resources.length > 0 ? { objects: objectsSchema(resources) } : {}),
  }, [])
  if (resources.length === 0) return { ...whole, required: needed }
  const stackOf = { type: 'object', properties: Object.fromEntries(needed.map((name) => [name, {}])), required: needed }
  const objectsAlone = { type: 'object', properties: { objects: {} }, required: ['objects'], additionalProperties: false }
  return { ...whole, anyOf: [stackOf, objectsAlone] }
}

/** The fields of a component that the pillar may set. */
export function settable(component: ComponentContract): { [name: string]: Schema } {
  const fields = Object.entries(component.fields).flatMap(([name, field]) => {
    if (isRole(field) || field.read_only || field.secret !== undefined || (component.spec.each !== undefined && field.key)) return []
    const value = field.default === undefined ? {} : { default: field.default }
    return [[name, { description: field.doc, ...field.schema, ...value }] as const]
  })
  return Object.fromEntries(fields)
}

/** The roles of a component; none when it runs everywhere. */
export function rolesOf(component: ComponentContract): readonly string[] {
  return Object.values(component.fields).find((field): field is RoleField => isRole(field))?.roles ?? []
}

function section(component: ComponentContract): Schema {
  const required = Object.entries(component.fields).flatMap(([name, field]) => (!isRole(field) && !field.optional && name in settable(component) ? [name] : []))
  return closed(component.doc, settable(component), required)
}

function apps(components: readonly ComponentContract[]): { apps?: Schema } {
  const [component] = components.filter(({ spec }) => spec.each !== undefined)
  if (!component) return {}
  return { apps: { type: 'object', description: component.doc, additionalProperties: section(component) } }
}

function stack(): Schema {
  return closed('The stack as a whole.', {
    name: { type: 'string', description: 'Name of the stack.', pattern: NAME },
    domain: { type: 'string', description: 'Domain below which everything has its name.', pattern: '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$' },
  }, ['name', 'domain'])
}

function node(components: readonly ComponentContract[]): Schema {
  const withRoles = components.filter((component) => rolesOf(component).length > 0)
  const roles = withRoles.map((component) => [component.name, { type: 'array', items: { enum: [...rolesOf(component)] } }] as const)
  return closed('One machine.', {
    address: { type: 'string', description: 'Address at which the other nodes reach it.', pattern: '^[0-9A-Fa-f.:]+$' },
    memory: { type: 'string', description: 'Memory of the machine, such as `8GiB`.', pattern: SIZE },
    cpus: { type: 'number', description: 'Processors of the machine.', minimum: 0.1 },
    roles: closed('What it does, by component.', Object.fromEntries(roles), []),
  }, ['address', 'memory', 'cpus'])
}

function closed(description: string, properties: { readonly [name: string]: Json }, required: readonly string[]): JsonObject {
  return { type: 'object', description, properties, ...(required.length > 0 ? { required } : {}), additionalProperties: false }
}
