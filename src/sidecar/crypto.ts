// An import of `node:crypto` reads all its exports, and so loads its web interface, which nobody uses here.

/** What the sidecar needs of Node's cryptography. */
export const { createHash, randomBytes } = process.getBuiltinModule('node:crypto')
