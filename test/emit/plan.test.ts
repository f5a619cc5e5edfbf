import { describe, expect, it } from 'vitest'
import { edit, judge, stack } from '../support/declarations.ts'
import { emitted } from '../support/emitted.ts'

/** The bootstrap orchestration of changed declarations. */
function bootstrap(file: string, from: string, to: string): string {
  return emitted(judge(edit(stack(), file, from, to)).contracts).get('salt/eos/bootstrap.sls') ?? ''
}

describe('an orchestration', () => {
  it('lets a step require the steps of its needs, and nothing else', () => {
    const text = emitted(judge(stack()).contracts).get('salt/eos/bootstrap.sls') ?? ''
    expect(text).toContain('steps["tls runner"] = {\n        "eos_run.done": [\n            {"name": "eos.issue"},\n            {"require": [{"eos_run": "secrets"}, *stack.steps("host")]},')
    expect(text).toContain('{"require": [{"eos_run": "secrets"}, *stack.steps("host"), *stack.steps("tls")]}')
  })

  it('follows the needs when they change', () => {
    const text = bootstrap('src/components/app.ts', "needs: ['consul']", "needs: ['tls', 'consul']")
    expect(text.replaceAll(/\s+/g, ' ')).toContain('"require": [ {"eos_run": "secrets"}, *stack.steps("tls"), *stack.steps("consul"), ],')
  })

  it('names the minions it expects, and bounds the queue, in every step', () => {
    const text = emitted(judge(stack()).contracts).get('salt/eos/bootstrap.sls') ?? ''
    const steps = text.split('"salt.state": [').length - 1
    expect(steps).toBe(4)
    for (const line of ['{"tgt": [node]}', '{"tgt_type": "list"}', '{"expect_minions": True}', '{"queue": 8}']) expect(text.split(line).length - 1).toBe(steps)
  })

  it('runs a step of the plan after all components when it needs them', () => {
    const text = bootstrap('src/plans/bootstrap.ts', "needs: ['secrets'], undo: 'not-needed' },\n  },", "needs: ['secrets'], undo: 'not-needed' },\n    revoke: { do: 'run', runner: 'eos.revoke_root', needs: ['stack'], undo: 'impossible' },\n  },")
    expect(text.indexOf('steps["revoke"]')).toBeGreaterThan(text.indexOf('steps[f"app {app} on {node}"]'))
    expect(text).toMatch(/steps\["revoke"\] = \{\n {8}"eos_run\.done": \[\n {12}\{"name": "eos\.revoke_root"\},\n {12}\{\n {16}"require": \[\n {20}\*stack\.steps\("host"\),/)
  })
})
