import type { Dice } from './dice.ts'

/** What a nemesis may use of a run. */
export interface Scene {
  readonly dice: Dice
  /** Waits; ends early when the run is over. */
  readonly pause: (seconds: number) => Promise<void>
  /** Decisions that were told to somebody who had no right to tell them. */
  readonly forged: Set<string>
}

/** One way to break a stack: what is expected, what it may reach, when it has to end, and how it is done. */
export interface Nemesis {
  readonly name: string
  /** What the healer is claimed to do meanwhile. */
  readonly hypothesis: string
  /** What it can touch at most. */
  readonly radius: string
  /** What ends the run at once. */
  readonly abort: string
  /** Breaks something for a while, mends it, and says what it was. */
  readonly strike: (scene: Scene) => Promise<string>
  /** Takes away what a strike that was cut off may have left. */
  readonly mend: () => Promise<unknown>
}
