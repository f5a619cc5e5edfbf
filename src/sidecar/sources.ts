import type { Config } from './config/config.ts'
import { startConsul } from './consul/source.ts'
import type { Intake } from './intake/intake.ts'
import type { Log } from './log.ts'
import { startNomad } from './nomad/source.ts'
import type { Journal, Source } from './source.ts'
import { tokenFile } from './token.ts'

/** Starts every source of the configuration; all of them read through one intake. */
export function startSources({ nomad, consul, settle, timing }: Config, intake: Intake, journal: Journal, log: Log): Source[] {
  const shared = { settle, timing, intake, journal, log }
  return [
    ...nomad.map((config) => startNomad({ ...shared, config, token: tokenFile(config.tokenFile) })),
    ...consul.map((config) => startConsul({ ...shared, config, token: tokenFile(config.tokenFile) })),
  ]
}
