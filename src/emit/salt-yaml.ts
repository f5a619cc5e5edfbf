import { Document, visit } from 'yaml'

/** Words that YAML 1.1 takes for something else, and the library writes plain. */
const TAKEN = ['=', '<<']
/** Characters that PyYAML refuses or reads as the end of a line, quoted or not: they are written as escapes. */
const UNREAD = /[\u007f-\u009f\u2028\u2029\ufeff]/
/** A plain `<<` would join two maps. */
const MERGE = 'tag:yaml.org,2002:merge'

/** YAML as Salt reads it, which is 1.1: there a plain `11:25` is a number of base 60, `yes` a truth value and `=` no text, so such text is quoted. */
export function saltYaml(value: object, lineWidth: number): string {
  const document = new Document(value, { version: '1.1', customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || tag.tag !== MERGE) })
  visit(document, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value !== 'string') return
      if (TAKEN.includes(scalar.value) || UNREAD.test(scalar.value)) scalar.type = 'QUOTE_DOUBLE'
    },
  })
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return document.toString({ lineWidth }).replaceAll(new RegExp(UNREAD, 'g'), escaped)
}
