import type { Check } from './check.ts'
import { checkBounds, checkRaises, checkSettings } from './check-beacons.ts'
import { checkAdvice, checkIds, checkPayloads, checkTags, checkVerbs } from './check-events.ts'
import { checkMerges } from './check-merges.ts'
import { checkCycle, checkNeeds } from './check-needs.ts'
import { checkActComponents, checkKeysOfPolicies, checkMatches, checkOccurrences, checkPatience } from './check-policies.ts'
import { checkGiven, checkRules, checkSamples, checkWords } from './check-resources.ts'
import { checkAfter, checkOrder } from './check-after.ts'
import { checkDefaults, checkExamples, checkKeys } from './check-values.ts'
import { checkEach, checkFieldWriters, checkFileWriters, checkPortWriters, checkUnitWriters } from './check-writers.ts'

/** What must hold for the contract as a whole; tests run it with one claim left out. */
export const CHECKS: readonly Check[] = [
  checkNeeds,
  checkCycle,
  checkFileWriters,
  checkMerges,
  checkPortWriters,
  checkUnitWriters,
  checkFieldWriters,
  checkEach,
  checkDefaults,
  checkKeys,
  checkExamples,
  checkWords,
  checkRules,
  checkSamples,
  checkGiven,
  checkAfter,
  checkOrder,
  checkVerbs,
  checkPayloads,
  checkTags,
  checkIds,
  checkAdvice,
  checkRaises,
  checkBounds,
  checkSettings,
  checkOccurrences,
  checkMatches,
  checkKeysOfPolicies,
  checkActComponents,
  checkPatience,
]
