import { reduceChecks, reduceHealth, reduceInstances, reduceNames, reduceNodes, reduceNodeServices, reduceSelf } from '../consul/reduce.ts'
import type { Json } from '../fact.ts'
import {
  reduceAllocs,
  reduceDeployments,
  reduceEvals,
  reduceEvent,
  reduceIds,
  reduceJobs,
  reduceJobVersions,
  reduceNamespaces,
  reduceNodes as reduceNomadNodes,
  reduceOneJob,
  reduceOneNode,
  reduceSelf as reduceNomadSelf,
  reduceServiceNames,
  reduceServices,
} from '../nomad/reduce.ts'

/** Makes the compact record of a parsed answer or event; runs in the intake's thread. Null drops an event. */
export type Reducer = (value: Json) => Json

/** Every reducer by the name that a request gives; one line each. */
export const REDUCERS = {
  /** The whole value as it is; for small answers only. */
  whole: (value: Json): Json => value,
  /** Nothing: of an answer only the headers count. */
  nothing: (): Json => null,
  consulChecks: reduceChecks,
  consulHealth: reduceHealth,
  consulInstances: reduceInstances,
  consulNames: reduceNames,
  consulNodes: reduceNodes,
  consulNodeServices: reduceNodeServices,
  consulSelf: reduceSelf,
  nomadAllocs: reduceAllocs,
  nomadDeployments: reduceDeployments,
  nomadEvals: reduceEvals,
  nomadEvent: reduceEvent,
  nomadIds: reduceIds,
  nomadJobs: reduceJobs,
  nomadJobVersions: reduceJobVersions,
  nomadNamespaces: reduceNamespaces,
  nomadNodes: reduceNomadNodes,
  nomadOneJob: reduceOneJob,
  nomadOneNode: reduceOneNode,
  nomadSelf: reduceNomadSelf,
  nomadServiceNames: reduceServiceNames,
  nomadServices: reduceServices,
} as const satisfies Readonly<Record<string, Reducer>>

/** Name of a reducer. */
export type ReducerName = keyof typeof REDUCERS
