/** EOS6xx: every refusal of the sidecar, with what each one is about. */
export const SIDECAR_CODES = {
  EOS601: 'the command line is wrong',
  EOS602: 'the configuration cannot be read',
  EOS603: 'a key of the configuration is unknown',
  EOS604: 'a key of the configuration is missing',
  EOS605: 'a value of the configuration has the wrong type',
  EOS606: 'a value of the configuration is out of range',
  EOS607: 'the table of events cannot be read',
  EOS610: 'a token file cannot be used',
  EOS620: 'the journal is used by another process',
  EOS621: 'the journal was written by another version',
  EOS622: 'the journal is damaged',
  EOS623: 'the journal stopped',
  EOS630: 'a fact does not fit its declaration',
  EOS631: 'an envelope is too large',
  EOS640: 'the engine broke the protocol',
  EOS641: 'the engine does not answer',
  EOS642: 'the engine speaks another protocol',
  EOS643: 'the engine has another contract of events; facts wait in the journal',
  EOS650: 'the lock of the pair cannot be used',
  EOS660: 'the port of the metrics cannot be used',
} as const

/** A code of the table. */
export type SidecarCode = keyof typeof SIDECAR_CODES
