import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { environmentOf } from '../../kitchen/python/environments.ts'
import { saltYaml } from '../../src/emit/salt-yaml.ts'

/** Texts that YAML 1.1 or PyYAML could take for something else. */
const TEXTS = [
  '11:25', '190:20:30', '-1:30', 'yes', 'off', 'y', 'N', '010', '0b1', '0x1f', '1_000', '1.e3', '.5', '.inf', '.nan', '2026-11-22', '2026-11-22 10:00:00', '~', 'null', '', '=', '<<', '<<a', '=a',
  ' lead', 'trail ', 'a: b', 'a #b', '- a', '#x', '*x', '&x', '!x', '%x', '@x', '`x', '{', ']', '?', '|', '>', '---', "it's", 'say "so"', '\\n', 'a\nb', 'a\n\nb\n', '\n', 'a\r\nb', '\ttab',
  'a\u0085b', '\u2028', 'a\u2029b', '\ufeff', '\u0000', '\u001b', '\u007f', '\u00a0', '🦉', 'word '.repeat(40),
]

/** A text where texts stand: as a value, in a list, as a key, and deep inside. */
function shapes(text: string): object[] {
  return [{ is: text }, [text], { [text]: 1 }, { a: { b: [{ c: text }] } }]
}

/** What real Salt reads; what it cannot read is an error's name. */
async function read(documents: readonly string[]): Promise<unknown> {
  const program = [
    'import json, sys, yaml',
    'from salt.utils.yamlloader import SaltYamlSafeLoader',
    'def read(text):',
    '    try:',
    '        return yaml.load(text, SaltYamlSafeLoader)',
    '    except yaml.YAMLError as err:',
    '        return type(err).__name__',
    'print(json.dumps([read(text) for text in json.load(sys.stdin)]))',
  ].join('\n')
  const python = join(await environmentOf('salt-3008.3'), 'bin/python')
  const { stdout, stderr, status } = spawnSync(python, ['-W', 'ignore', '-c', program], { input: JSON.stringify(documents), encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

describe('text that Salt reads', () => {
  // Fails when it is written as YAML 1.2 has it, or as the library has 1.1: Salt would read 685, true, 8, a date, or nothing at all.
  test('stays the text that it is, wherever it stands', async () => {
    const given = TEXTS.flatMap(shapes)
    expect(await read(given.map((value) => saltYaml(value, 80)))).toEqual(given)
    expect(await read(given.map((value) => saltYaml(value, 0)))).toEqual(given)
  }, 60_000)

  // The mutation: without the quotes Salt cannot read it.
  test.each(['=', '<<', '\u007f'])('%j would not without its quotes', async (text) => {
    expect(await read([stringify({ is: text }, { version: '1.1' })])).toEqual([expect.stringMatching(/Error$/)])
  }, 60_000)

  test('plain words and numbers stand as they are', () => {
    expect(saltYaml({ name: 'web', count: 3, is: true }, 0)).toBe('name: web\ncount: 3\nis: true\n')
  })
})
