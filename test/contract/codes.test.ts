import { existsSync, globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { CODES } from '../../src/contract/codes.ts'
import { ENGINE_CODES } from '../../src/contract/codes-engine.ts'
import { SIDECAR_CODES } from '../../src/sidecar/codes.ts'
import { EVENT_MISTAKES } from '../read/event-mistakes.ts'
import { GRAMMAR_MISTAKES } from '../read/grammar-mistakes.ts'
import { REFERENCE_MISTAKES } from '../read/reference-mistakes.ts'
import { POLICY_MISTAKES } from '../read/policy-mistakes.ts'
import { RESOURCE_MISTAKES } from '../read/resource-mistakes.ts'
import { errorsPage } from '../support/errors-page.ts'
import { CONTRACT_MISTAKES } from './mistakes.ts'
import { POLICY_CONTRACT_MISTAKES } from './policy-mistakes.ts'
import { RESOURCE_CONTRACT_MISTAKES } from './resource-mistakes.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Every code that the sources of a folder mention. */
function mentioned(pattern: string): Set<string> {
  const files = globSync(pattern, { cwd: ROOT }).filter((path) => !/(contract\/codes|sidecar\/codes)/.test(path))
  return new Set(files.flatMap((path) => readFileSync(ROOT + path, 'utf8').match(/\bEOS\d{3}\b/g) ?? []))
}

describe('the table of codes', () => {
  it('is what docs/errors.md prints', async () => {
    await expect(errorsPage()).toMatchFileSnapshot('../../docs/errors.md')
  })

  it('holds every code that the generator raises, and no other', () => {
    const raised = mentioned('src/{command,contract,emit,read}/**/*.ts')
    const listed = Object.keys(CODES).filter((code) => !code.startsWith('EOS4'))
    expect([...raised].filter((code) => !code.startsWith('EOS4')).sort()).toEqual(listed.sort())
  })

  it('holds every code that the sidecar raises, and no other', () => {
    expect([...mentioned('src/sidecar/**/*.ts')].sort()).toEqual(Object.keys(SIDECAR_CODES).sort())
  })

  it('holds every code that the engine raises, and no other', () => {
    expect([...mentioned('saltext/**/*.py')].filter((code) => code.startsWith('EOS7')).sort()).toEqual(Object.keys(ENGINE_CODES).sort())
  })

  it.runIf(existsSync(`${ROOT}kitchen/check/run`))('holds every code that the check in real Salt raises, and no other', () => {
    const listed = Object.keys(CODES).filter((code) => code.startsWith('EOS4'))
    expect([...mentioned('kitchen/check/**/*.py')].filter((code) => code.startsWith('EOS4')).sort()).toEqual(listed.sort())
  })

  it('has a tested mistake for every code of the reader and the contract', () => {
    const tested = new Set([...GRAMMAR_MISTAKES, ...REFERENCE_MISTAKES, ...EVENT_MISTAKES, ...POLICY_MISTAKES, ...RESOURCE_MISTAKES, ...CONTRACT_MISTAKES, ...POLICY_CONTRACT_MISTAKES, ...RESOURCE_CONTRACT_MISTAKES].map(({ says }) => says.split(' ')[1]))
    const missing = Object.keys(CODES).filter((code) => /^EOS[12]/.test(code) && !tested.has(code))
    // A reserved name needs a file of that name, compiler and style a whole project: they have tests of their own.
    expect(missing).toEqual(['EOS104', 'EOS190', 'EOS191'])
  })
})
