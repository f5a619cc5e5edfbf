import { describe, expect, it } from 'vitest'
import { healSls, reactorSls } from '../../src/emit/heal-sls.ts'
import { ACTS } from '../../src/emit/policy-words.ts'

// Accept a wanted change with `npx vitest run test/emit/heal-sls.test.ts -u`, and read the difference.
describe('what a decision starts', () => {
  it('is found in a static map, by a reactor that hands on the id alone', async () => {
    await expect(reactorSls(ACTS)).toMatchFileSnapshot('../golden/heal/reactor.sls')
  })

  it.each(ACTS)('claims, then acts, then verifies: %s', async (act) => {
    await expect(healSls(act)).toMatchFileSnapshot(`../golden/heal/${act}.sls`)
  })
})
