import { stringify } from 'yaml'

/** YAML as Salt reads it, which is 1.1: there a plain `11:25` is a number of base 60 and `yes` a truth value, so such text is quoted. */
export function saltYaml(value: object, lineWidth: number): string {
  return stringify(value, { version: '1.1', lineWidth })
}
