import { existsSync } from 'node:fs'
import { needOnHost } from '../host/apt.ts'
import { Failure } from '../run/failure.ts'

const PYTHON = '/usr/bin/python3.11'

/** The Python that the lab's nodes have too, so that one set of wheels serves this machine and the nodes. */
export async function python(): Promise<string> {
  await needOnHost({
    [PYTHON]: 'python3.11',
    '/usr/lib/python3.11/ensurepip/__init__.py': 'python3.11-venv',
  })
  if (!existsSync(PYTHON)) {
    throw new Failure(`no ${PYTHON} on this machine; expected Debian 12's Python`, 'install python3.11 and python3.11-venv')
  }
  return PYTHON
}

/** What a source distribution needs to become a wheel. */
export async function needCompiler(): Promise<void> {
  await needOnHost({ '/usr/bin/gcc': 'gcc', '/usr/include/python3.11/Python.h': 'libpython3.11-dev' })
}
