import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { saltYaml } from '../../src/emit/salt-yaml.ts'

describe('text that Salt reads', () => {
  // Fails when it is written as YAML 1.2 has it: Salt would read 685, true, 8 and a date.
  test.each(['11:25', 'yes', 'off', '010', '1_000', '2026-11-22', '0x1f', '~', ''])('%j stays text', (text) => {
    const written = saltYaml({ is: text }, 0)
    expect(parse(written, { version: '1.1' })).toEqual({ is: text })
  })

  test('plain words and numbers stand as they are', () => {
    expect(saltYaml({ name: 'web', count: 3, is: true }, 0)).toBe('name: web\ncount: 3\nis: true\n')
  })
})
