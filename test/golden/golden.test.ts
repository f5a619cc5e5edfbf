import { describe, expect, it } from 'vitest'
import { judge, stack } from '../support/declarations.ts'
import { emitted } from '../support/emitted.ts'

const files = emitted(judge(stack()).contracts)

describe('the generated tree of four components, two events, a beacon, three policies, two plans and two resources', () => {
  // Accept a wanted change with `npx vitest run test/golden -u`, and read the difference.
  it.each([...files.keys()])('holds %s', async (path) => {
    await expect(files.get(path)).toMatchFileSnapshot(`stack/${path}`)
  })
})
