/** What a person may choose for the lab through the environment; every one has a default. */
export const settings = {
  /** Prefix of containers, volumes and network, so that two labs can stand on one machine. */
  name: process.env['EOS_LAB'] ?? 'eos',
  /** First three octets of the lab's network, where the topology's are taken. */
  network: process.env['EOS_LAB_NETWORK'],
  /** Salt of master and minions. */
  salt: process.env['EOS_SALT'] ?? '3008.3',
  debianSuite: 'bookworm',
} as const

/** The mirror that debootstrap is told, as its last argument; its own choice when nothing is set. */
export const debianMirror: readonly string[] = [process.env['EOS_DEBIAN_MIRROR'] ?? []].flat()

/** Every Salt line that the wheel supports and the tests cover. */
export const saltVersions = ['3008.3', '3006.28'] as const

/** Name of the label on everything the lab starts; its value is the lab's name. */
export const LABEL = 'eos.lab'
