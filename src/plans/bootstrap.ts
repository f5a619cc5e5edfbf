import { definePlan } from '../schema/index.ts'

/** Brings the whole stack up, gate by gate; run again, it changes nothing. */
export default definePlan({
  says: 'Bring the stack up.',
  onRed: 'stop-descendants',
  steps: {
    preflight: { do: 'run', runner: 'eos.preflight', undo: 'not-needed' },
    secrets: { do: 'run', runner: 'eos.secrets', needs: ['preflight'], undo: 'not-needed' },
    stack: { do: 'each', state: 'applied', order: 'needs', needs: ['secrets'], undo: 'not-needed' },
  },
})
