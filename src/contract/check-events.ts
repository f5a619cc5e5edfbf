import type { Check } from './check.ts'
import { isJsonList, isJsonObject } from './json.ts'
import { suggest } from './nearest.ts'
import { pointerTo } from './places.ts'
import type { Problem } from './problem.ts'
import type { EventContract, Json } from './types.ts'
import { errorsOf, phrase, validatorOf } from './validator.ts'

/** Every verb of an event's closed set is described, and no other. */
export const checkVerbs: Check = ({ contracts, places }) =>
  contracts.flatMap((contract) => {
    if (contract.kind !== 'event' || !isWhole(contract)) return []
    const root = `event/${contract.name}/spec/verbs`
    const [closed, described] = [verbsOf(contract), Object.keys(contract.spec.verbs)]
    const missing = closed.filter((verb) => !described.includes(verb)).map((verb): Problem => ({ code: 'EOS230', what: `verb \`${verb}\` is not described`, expected: 'an entry in `verbs` for each verb of the interface', advice: 'describe it, or take it out of the interface', where: places.key(root), also: [] }))
    const unknown = described.filter((verb) => !closed.includes(verb)).map((verb): Problem => ({ code: 'EOS230', what: `verb \`${verb}\` is not in the interface`, expected: 'a verb of the interface', advice: suggest(verb, closed), where: places.key(pointerTo(root, verb)), also: [] }))
    return [...missing, ...unknown]
  })

/** Every example is a payload that could be sent. */
export const checkPayloads: Check = ({ contracts, places }) =>
  contracts.flatMap((contract) => {
    if (contract.kind !== 'event' || !isWhole(contract)) return []
    const validate = validatorOf(contract.payload)
    return Object.entries(contract.spec.verbs).flatMap(([verb, { example }]) => {
      if (!verbsOf(contract).includes(verb)) return []
      const root = `${pointerTo(`event/${contract.name}/spec/verbs`, verb)}/example`
      return errorsOf(validate, { verb, ...example }).map((error): Problem => {
        const { what, expected, key } = phrase(error)
        const where = key === undefined ? places.value(root + error.instancePath) : places.key(pointerTo(root + error.instancePath, key))
        return { code: 'EOS220', what: `example of \`${verb}\`: ${what}`, expected, advice: 'correct the example or the interface', where, also: [] }
      })
    })
  })

/** A tag says which event it is, what happened, and to whom. */
export const checkTags: Check = ({ contracts, places }) =>
  contracts.flatMap((contract) => {
    if (contract.kind !== 'event') return []
    const { event, name, spec } = contract
    const head = `eos/${event}/{verb}`
    if (spec.tag.startsWith(head) && /^(\/\{subject\.[a-z0-9_]+\})+$/.test(spec.tag.slice(head.length))) return []
    return [{ code: 'EOS231' as const, what: `tag \`${spec.tag}\` does not say what happened to whom`, expected: `\`${head}/{subject.…}\`, the path of the file and the subject around the verb`, advice: 'write the path, the verb and leaves of the subject', where: places.value(`event/${name}/spec/tag`), also: [] }]
  })

/** The id of a fact names its subject or its occurrence: without one all facts of a verb would be one. */
export const checkIds: Check = ({ contracts, places }) =>
  contracts.flatMap((contract) => {
    if (contract.kind !== 'event') return []
    return Object.entries(contract.spec.verbs).flatMap(([verb, { id }]): Problem[] => {
      if (/\{(subject\.|links\.|verdict\.|change\.|mark\})/.test(id)) return []
      return [{ code: 'EOS232', what: `the id of \`${verb}\` is the same for every fact`, expected: 'references to the subject, and {mark} where it can happen twice', advice: 'name what makes one occurrence unique', where: places.value(`${pointerTo(`event/${contract.name}/spec/verbs`, verb)}/id`), also: [] }]
    })
  })

/** Whatever wakes a person says what to do, and nothing else does. */
export const checkAdvice: Check = ({ contracts, places }) =>
  contracts.flatMap((contract) => {
    if (contract.kind !== 'event') return []
    return Object.entries(contract.spec.verbs).flatMap(([verb, { severity, advice }]): Problem[] => {
      const isGrave = severity === 'warning' || severity === 'critical'
      const root = pointerTo(`event/${contract.name}/spec/verbs`, verb)
      if (isGrave && advice === undefined) return [{ code: 'EOS236', what: `\`${verb}\` is ${severity} and does not say what to do`, expected: '`advice` for warning and critical', advice: 'say what a person is to do, or lower the severity', where: places.value(`${root}/severity`), also: [] }]
      if (!isGrave && advice !== undefined) return [{ code: 'EOS236', what: `\`${verb}\` is ${severity} and asks for something`, expected: '`advice` for warning and critical only', advice: 'raise the severity, or take the advice away', where: places.key(`${root}/advice`), also: [] }]
      return []
    })
  })

/** True when the reader refused no part of the payload: one mistake, one error. */
function isWhole({ payload }: EventContract): boolean {
  const { required } = payload
  return isJsonList(required) && required.length === 5
}

function verbsOf({ payload }: EventContract): string[] {
  const { properties } = payload
  const verb = isJsonObject(properties) ? properties['verb'] : undefined
  const values = isJsonObject(verb) ? verb['enum'] : undefined
  return isJsonList(values) ? values.filter((value: Json) => typeof value === 'string') : []
}
