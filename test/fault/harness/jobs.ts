import type { Row } from './value.ts'

export interface TaskOptions {
  /** Shell text that the one task runs. */
  readonly script: string
  readonly count?: number
  readonly type?: 'service' | 'batch' | 'system'
  readonly namespace?: string
  readonly group?: string
  /** Restarts in place before the group fails. */
  readonly restarts?: number
  /** Nanoseconds between them. */
  readonly delay?: number
  /** Whether a failed allocation is replaced; at once, without limit. */
  readonly isRescheduled?: boolean
  readonly driver?: 'raw_exec' | 'docker'
  readonly config?: Row
  readonly memory?: number
  readonly meta?: Readonly<Record<string, string>>
  readonly update?: Row
  readonly groups?: number
}

const SECOND = 1_000_000_000

/** A job of one task; `raw_exec` with a shell unless told otherwise. */
export function job(id: string, options: TaskOptions): Row {
  const groups = options.groups ?? 1
  const name = options.group ?? 'main'
  return {
    ID: id,
    Name: id,
    Type: options.type ?? 'service',
    Namespace: options.namespace ?? 'default',
    Datacenters: ['*'],
    Meta: options.meta,
    Update: options.update ?? null,
    TaskGroups: Array.from({ length: groups }, (_, position) => group(groups === 1 ? name : `${name}${position}`, options)),
  }
}

/** Shell text of a task that runs until it is ended. */
export const FOREVER = 'exec sleep 100000'

function group(name: string, options: TaskOptions): Row {
  return {
    Name: name,
    Count: options.count ?? 1,
    EphemeralDisk: { SizeMB: 10 },
    RestartPolicy: { Attempts: options.restarts ?? 0, Interval: 3600 * SECOND, Delay: options.delay ?? 0, Mode: 'fail' },
    ReschedulePolicy:
      options.type === 'system'
        ? null
        : options.isRescheduled === true
          ? { Attempts: 0, Interval: 0, Delay: 5 * SECOND, DelayFunction: 'constant', MaxDelay: 60 * SECOND, Unlimited: true }
          : { Attempts: 0, Interval: 0, Unlimited: false },
    Tasks: [
      {
        Name: 'task',
        Driver: options.driver ?? 'raw_exec',
        Config: options.config ?? { command: '/bin/sh', args: ['-c', options.script] },
        Resources: { CPU: 1, MemoryMB: options.memory ?? 10 },
        LogConfig: { MaxFiles: 1, MaxFileSizeMB: 1, Disabled: true },
        KillTimeout: 2 * SECOND,
      },
    ],
  }
}
