import { describe, expect, it } from 'vitest'
import { reduceChecks, reduceHealth, reduceInstances, reduceNames, reduceNodes, reduceNodeServices, reduceSelf } from '../../../src/sidecar/consul/reduce.ts'

/** A check of instance `web-1` on node `n1`, as Consul shows it. */
function check(id: string, status: string, modified: number, more: Readonly<Record<string, string | number>> = {}) {
  return { Node: 'n1', CheckID: id, Status: status, ServiceID: 'web-1', ServiceName: 'web', Output: 'noise', Definition: {}, CreateIndex: 20, ModifyIndex: modified, ...more }
}

const onNode = { ServiceID: '', ServiceName: '' }

describe('checks fold into one health per instance', () => {
  it.each([
    { what: 'the worst decides', checks: [check('a', 'passing', 40), check('b', 'critical', 30), check('c', 'warning', 50)], want: ['critical', 30, 20] },
    { what: 'of two that are equally bad the first to fall decides', checks: [check('a', 'critical', 40), check('b', 'critical', 30)], want: ['critical', 30, 20] },
    { what: 'the last to pass decides when all pass', checks: [check('a', 'passing', 40), check('b', 'passing', 30)], want: ['passing', 40, 20] },
    { what: 'the oldest check is the age of the instance', checks: [check('a', 'passing', 40), check('b', 'passing', 60, { CreateIndex: 60 })], want: ['passing', 60, 20] },
    { what: 'maintenance of the instance stands above its health', checks: [check('a', 'critical', 40), check('_service_maintenance:web-1', 'critical', 50)], want: ['maintenance', 50, 20] },
    { what: 'maintenance alone leaves its age open', checks: [check('_service_maintenance:web-1', 'critical', 50)], want: ['maintenance', 50, 0] },
    { what: 'maintenance of the node is that of its instances', checks: [check('a', 'passing', 40), check('_node_maintenance', 'critical', 50, onNode)], want: ['maintenance', 50, 20] },
    { what: 'a status that nobody knows is bad', checks: [check('a', 'unheard-of', 40)], want: ['critical', 40, 20] },
  ])('$what', ({ checks, want }) => {
    const [health, index, created] = want
    expect(reduceChecks(checks)).toMatchObject({ instances: [['n1', 'web-1', 'web', 'default', 'default', health, index, created, expect.any(Boolean), 0]] })
  })

  it('keeps agents apart, and a partition and namespace', () => {
    const there = { Partition: 'blue', Namespace: 'shop' }
    expect(reduceChecks([check('serfHealth', 'critical', 12, { ...onNode, ...there }), check('a', 'passing', 40, there)])).toEqual({
      agents: [['n1', 'blue', 'critical', 12]],
      instances: [['n1', 'web-1', 'web', 'blue', 'shop', 'passing', 40, 20, false, 0]],
    })
  })

  it.each([
    ['1m0s', 60],
    ['1h1m30s', 3690],
    ['90s', 90],
    ['500ms', 0],
    ['', 0],
  ])('reads the deadline %j as %d s', (span, seconds) => {
    const answer = reduceChecks([{ ...check('a', 'critical', 40), Definition: { DeregisterCriticalServiceAfter: span } }])
    expect(answer).toMatchObject({ instances: [['n1', 'web-1', 'web', 'default', 'default', 'critical', 40, 20, false, seconds]] })
  })
})

describe('other answers', () => {
  const bare = ['n1', 'web-1', 'web', 'default', 'default', 'unchecked', 30, 30, false, 0]

  it('become names, nodes, instances and an accessor', () => {
    expect(reduceNames({ web: ['a'], consul: [] })).toEqual(['consul', 'web'])
    expect(reduceNodes([{ Node: 'n1', CreateIndex: 9, Address: '10.0.0.1' }])).toEqual([['n1', 'default', 9]])
    expect(reduceInstances([{ Node: 'n1', ServiceID: 'web-1', ServiceName: 'web', CreateIndex: 30, ModifyIndex: 44 }])).toEqual([bare])
    expect(reduceNodeServices({ Node: { Node: 'n1' }, Services: [{ ID: 'web-1', Service: 'web', CreateIndex: 30 }] })).toEqual([bare])
    expect(reduceSelf({ AccessorID: 'a', SecretID: 's' })).toBe('a')
  })

  it('of one service show instances with and without checks', () => {
    const node = { Node: 'n1' }
    const answer = reduceHealth([
      { Node: node, Service: { ID: 'web-1', Service: 'web', CreateIndex: 30 }, Checks: [{ ...check('serfHealth', 'passing', 12, onNode) }] },
      { Node: node, Service: { ID: 'web-2', Service: 'web', CreateIndex: 31 }, Checks: [check('serfHealth', 'passing', 12, onNode), check('a', 'warning', 40, { ServiceID: 'web-2' })] },
    ])
    expect(answer).toEqual({ agents: [], instances: [['n1', 'web-2', 'web', 'default', 'default', 'warning', 40, 20, false, 0], bare] })
  })

  it.each([[null], [[]], ['text'], [[null, 1, 'x']], [{}]])('that are none of these become nothing: %j', (body) => {
    expect(reduceChecks(body)).toEqual({ instances: [], agents: [] })
    expect([reduceNodes(body), reduceInstances(body), reduceNodeServices(body)]).toEqual([[], [], []])
  })
})
