/** How much a line matters; journald reads the number in front. */
export type Level = 'debug' | 'info' | 'notice' | 'warning' | 'error' | 'alert'

const PRIORITY: Readonly<Record<Level, number>> = { debug: 7, info: 6, notice: 5, warning: 4, error: 3, alert: 1 }

/** Values that belong to a line; never a secret. */
export type Details = Readonly<Record<string, string | number | boolean | null>>

/** Writes one line about one thing. */
export type Log = (level: Level, message: string, details?: Details) => void

/** A log on standard error: text with journald's priority, or one JSON object a line. */
export function makeLog(isJson: boolean, write: (line: string) => void): Log {
  return (level, message, details = {}) => {
    if (isJson) return write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...details })}\n`)
    const rest = Object.entries(details).map(([key, value]) => ` ${key}=${typeof value === 'string' ? JSON.stringify(value) : String(value)}`)
    write(`<${PRIORITY[level]}>${message.replaceAll('\n', ' | ')}${rest.join('')}\n`)
  }
}
