/** EOS7xx: every refusal of the engines on the master, with what each one is about. */
export const ENGINE_CODES = {
  EOS701: 'a user that is not among the `peers` has connected',
  EOS702: 'a frame is larger than the protocol allows',
  EOS703: 'a frame is no JSON, or not of the form that the protocol allows',
  EOS704: 'a frame that is not expected now',
  EOS705: 'the sidecar speaks another protocol or schema',
  EOS706: 'an event out of turn',
  EOS707: 'an envelope is larger than Salt carries',
  EOS708: 'an envelope does not fit its declaration',
  EOS709: 'the inbox cannot be written; nothing was acknowledged',
  EOS710: 'a setting of the engine is wrong; it does not start',
  EOS711: 'the sidecar has another contract of events; its facts wait in its journal',
  EOS712: 'which specifications are held cannot be read; none is kept back',
  EOS713: 'the healer’s file cannot be read, so a decision is not started',
} as const
