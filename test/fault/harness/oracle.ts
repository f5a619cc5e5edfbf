import { readFileSync } from 'node:fs'
import { get, type RequestOptions } from 'node:https'
import type { IncomingMessage } from 'node:http'
import type { NomadCluster } from './nomad.ts'
import type { NomadAgent } from './nomad-agent.ts'
import { until } from './until.ts'
import { at, number, rows, text, type Row } from './value.ts'

/** One event of Nomad's stream, as an undisturbed server sent it. */
export interface Seen {
  readonly index: number
  readonly topic: string
  readonly type: string
  readonly key: string
  readonly payload: Row
}

/**
 * The second recorder: it reads every topic of a server that no fault touches and whose buffer forgets nothing, with code that shares
 * nothing with the product.
 */
export class Oracle {
  readonly seen: Seen[] = []
  /** The frames as they came, without their newlines. */
  readonly lines: string[] = []
  #response: IncomingMessage | undefined
  #rest = ''
  #isClosed = false
  readonly #options: RequestOptions

  constructor(cluster: NomadCluster, server: NomadAgent) {
    this.#options = {
      host: '127.0.0.1',
      port: server.ports.http,
      path: '/v1/event/stream?topic=*:*&namespace=*&index=0',
      headers: { 'X-Nomad-Token': cluster.api.token },
      ca: readFileSync(cluster.authority.ca),
      agent: false,
    }
  }

  /** Starts to record, from the first operation that the server still has. */
  async start(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      get(this.#options, (response) => {
        this.#response = response
        response.setEncoding('utf8')
        response.on('data', (part: string) => this.#read(part))
        response.on('error', (problem) => {
          if (!this.#isClosed) throw problem
        })
        resolve()
      }).once('error', (problem) => {
        if (!this.#isClosed) reject(problem)
      })
    })
    return this
  }

  stop(): void {
    this.#isClosed = true
    this.#response?.destroy()
  }

  /** Waits until it has seen what this list says is there now. */
  async caughtUp(cluster: NomadCluster): Promise<void> {
    const marker = `oracle-${this.seen.length}-${Date.now()}`
    await cluster.post(`/v1/acl/policy/${marker}`, { Name: marker, Rules: 'node { policy = "read" }' })
    await until('the oracle sees the marker', () => this.seen.some(({ topic, key }) => topic === 'ACLPolicy' && key === marker))
  }

  /** States of each allocation in the order seen, `ClientStatus` only, without repetition. */
  allocations(): ReadonlyMap<string, AllocationStory> {
    const found = new Map<string, AllocationStory>()
    for (const { topic, payload } of this.seen) {
      if (topic !== 'Allocation') continue
      const allocation = at(payload, 'Allocation')
      const id = text(allocation, 'ID')
      const story = found.get(id) ?? { job: text(allocation, 'JobID'), group: text(allocation, 'TaskGroup'), statuses: [], restarts: 0, previous: text(allocation, 'PreviousAllocation') }
      const status = text(allocation, 'ClientStatus')
      if (story.statuses.at(-1) !== status) story.statuses.push(status)
      const tasks = at(allocation, 'TaskStates')
      const restarts = Object.values(typeof tasks === 'object' && tasks !== null ? tasks : {}).map((task) => number(task, 'Restarts'))
      found.set(id, { ...story, restarts: Math.max(story.restarts, 0, ...restarts.filter((count) => !Number.isNaN(count))) })
    }
    return found
  }

  #read(part: string): void {
    const lines = (this.#rest + part).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '' || line === '{}') continue
      this.lines.push(line)
      const parsed: unknown = JSON.parse(line)
      const index = number(parsed, 'Index')
      for (const event of rows(parsed, 'Events')) {
        const payload = at(event, 'Payload')
        this.seen.push({ index, topic: text(event, 'Topic'), type: text(event, 'Type'), key: text(event, 'Key'), payload: typeof payload === 'object' && payload !== null ? { ...payload } : {} })
      }
    }
  }
}

/** What the oracle saw of one allocation. */
export interface AllocationStory {
  readonly job: string
  readonly group: string
  readonly statuses: string[]
  readonly restarts: number
  readonly previous: string
}
