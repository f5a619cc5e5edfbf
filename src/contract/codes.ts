import { CONTRACT } from './codes-contract.ts'
import { EMIT } from './codes-emit.ts'
import { READ } from './codes-read.ts'
import { SALT } from './codes-salt.ts'

/** Every error of the generator. */
export const CODES = { ...READ, ...CONTRACT, ...EMIT, ...SALT } as const

/** A code of the table. */
export type Code = keyof typeof CODES
