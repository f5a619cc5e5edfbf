import { expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { SALT_YAML } from '../../kitchen/stack/pillar.ts'

// Fails when the library's own form of a map is written for what was not there: Salt would not render it, or read another type of value.
test('a pillar that is edited stays one of plain maps and texts', () => {
  const pillar = parseDocument('eos:\n  stack: lab\n', SALT_YAML)
  pillar.setIn(['eos', 'consul', 'https'], 'soon')
  pillar.setIn(['eos', 'heal'], { opens: '11:25' })
  expect(pillar.toString(SALT_YAML)).toBe('eos:\n  stack: lab\n  consul:\n    https: soon\n  heal:\n    opens: "11:25"\n')
})
