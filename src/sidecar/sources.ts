import type { Config } from './config/config.ts'
import { startConsul } from './consul/source.ts'
import type { Intake } from './intake/intake.ts'
import type { Log } from './log.ts'
import type { Journal, Source } from './source.ts'
import { tokenFile } from './token.ts'

/** Starts every source of the configuration; all of them read through one intake. */
export function startSources({ nomad, consul, settle, timing }: Config, intake: Intake, journal: Journal, log: Log): Source[] {
  void nomad
  return consul.map((config) => startConsul({ config, settle, timing, token: tokenFile(config.tokenFile), intake, journal, log }))
}
