import type { Mistake } from '../support/mistake.ts'

const LAMP = 'src/events/house/lamp.ts'
const DUSK = 'src/beacons/dusk.ts'

/** Mistakes in payloads of events, in texts that refer to them, and in beacons. */
export const EVENT_MISTAKES: readonly Mistake[] = [
  {
    claim: 'refuses an event whose verbs are no closed set',
    file: LAMP,
    from: "verb: 'lit' | 'broken'",
    to: 'verb: string',
    says: "src/events/house/lamp.ts:5:3 EOS140 the verbs of an event are not a closed set; expected `verb: 'failed' | 'gave_up'`, in the past tense and snake_case; write the union",
  },
  {
    claim: 'refuses a payload without links',
    file: LAMP,
    from: "  links: {\n    /** Other lamps on the same switch. */\n    lamps: string[]\n    /** Who was in the room. */\n    witnesses: ('cat' | 'dog')[]\n    /** Shop that sold it. */\n    shop: string | null\n  }\n",
    to: '',
    says: 'src/events/house/lamp.ts:4:18 EOS140 the payload has no `links`; expected verb, subject, verdict, change and links; write `links: {}` where there is nothing to say',
  },
  {
    claim: 'refuses a fifth object in a payload',
    file: LAMP,
    from: "export interface Lamp {\n",
    to: "export interface Lamp {\n  details: {}\n",
    says: 'src/events/house/lamp.ts:5:3 EOS140 `details` is no part of a payload; expected verb, subject, verdict, change and links; move its fields into one of these',
  },
  {
    claim: 'refuses a part of a payload that is no object',
    file: LAMP,
    from: "  links: {\n    /** Other lamps on the same switch. */\n    lamps: string[]\n    /** Who was in the room. */\n    witnesses: ('cat' | 'dog')[]\n    /** Shop that sold it. */\n    shop: string | null\n  }",
    to: '  links: string',
    says: 'src/events/house/lamp.ts:24:10 EOS140 `links` is no object; expected an object of leaves, or an interface of this file; write the object',
  },
  {
    claim: 'refuses an object inside a part of a payload',
    file: LAMP,
    from: 'room: string',
    to: 'room: { name: string }',
    says: 'src/events/house/lamp.ts:8:11 EOS140 `subject.room` is no leaf; expected string, Integer, number, boolean, a union of texts, a list of one of these, or one of these or null; write it with one of these, or split it in several leaves',
  },
  {
    claim: 'refuses a union of numbers in a payload',
    file: LAMP,
    from: "cause: 'switch' | 'fall' | null",
    to: 'cause: 1 | 2 | null',
    says: 'src/events/house/lamp.ts:14:12 EOS140 `verdict.cause` is no leaf; expected string, Integer, number, boolean, a union of texts, a list of one of these, or one of these or null; write it with one of these, or split it in several leaves',
  },
  {
    claim: 'refuses null inside a list of a payload',
    file: LAMP,
    from: 'lamps: string[]',
    to: 'lamps: (string | null)[]',
    says: 'src/events/house/lamp.ts:26:12 EOS140 `links.lamps` is no leaf; expected string, Integer, number, boolean, a union of texts, a list of one of these, or one of these or null; write it with one of these, or split it in several leaves',
  },
  {
    claim: 'refuses an interface that extends another',
    file: LAMP,
    from: '/** A lamp, and what became of it. */\nexport interface Lamp {',
    to: 'interface Thing { owner: string }\n/** A lamp, and what became of it. */\nexport interface Lamp extends Thing {',
    says: 'src/events/house/lamp.ts:5:31 EOS110 an interface extends `Thing`; expected interfaces whose fields all stand in them; write the fields out',
  },
  {
    claim: 'refuses a part of a payload that may be left out',
    file: LAMP,
    from: '  links: {',
    to: '  links?: {',
    says: 'src/events/house/lamp.ts:24:3 EOS140 `links` may be left out; expected all four objects, in every event; remove the `?`',
  },
  {
    claim: 'refuses two leaves that become one',
    file: LAMP,
    from: 'room: string',
    to: 'room: string\n    /** The same again. */\n    lamp_place: Integer',
    says: 'src/events/house/lamp.ts:12:5 EOS105 fields `lamp_place` and `lampPlace` both become `lamp_place`; expected names that stay different in snake_case; rename one of the two',
  },
  {
    claim: 'refuses a leaf that may be left out',
    file: LAMP,
    from: 'isSeen: boolean',
    to: 'isSeen?: boolean',
    says: 'src/events/house/lamp.ts:16:5 EOS140 field `verdict.isSeen` may be left out; expected a value, or null where there is none; write `isSeen: … | null`',
  },
  {
    claim: 'refuses a leaf without a sentence',
    file: LAMP,
    from: '    /** Whether somebody saw it. */\n',
    to: '',
    says: 'src/events/house/lamp.ts:15:5 EOS106 field `verdict.isSeen` is not documented; expected a JSDoc sentence directly above it; say what it is, with its unit',
  },
  {
    claim: 'refuses an event under another key than its path',
    file: LAMP,
    from: "'house/lamp': Lamp",
    to: "'house/light': Lamp",
    says: 'src/events/house/lamp.ts:35:5 EOS103 registry key `house/light` is not the path of the file; expected `house/lamp`; make the key equal to the path below src/events',
  },
  {
    claim: 'refuses a line for operators that refers to no leaf',
    file: LAMP,
    from: "says: 'lamp {subject.lampPlace} in {subject.room} gives",
    to: "says: 'lamp {subject.lampPlac} in {subject.room} gives",
    says: 'src/events/house/lamp.ts:45:19 EOS141 `{subject.lampPlac}` is no leaf of the payload; expected a leaf of subject, verdict, change or links; did you mean `subject.lampPlace`?',
  },
  {
    claim: 'refuses an id that refers to no leaf',
    file: LAMP,
    from: "id: 'lamp:{subject.room}:{subject.lampPlace}:broken'",
    to: "id: 'lamp:{subject.room}:{lampPlace}:broken'",
    says: 'src/events/house/lamp.ts:54:32 EOS141 `{lampPlace}` is no leaf of the payload; expected a leaf of subject, verdict, change or links, or {verb}, {mark}; did you mean `subject.lampPlace`?',
  },
  {
    claim: 'refuses an id with a brace that nothing closes',
    file: LAMP,
    from: "{verb}:{mark}'",
    to: "{verb}:{mark'",
    says: 'src/events/house/lamp.ts:46:11 EOS141 a brace stands alone; expected braces around references only; close it, or take it away',
  },
  {
    claim: 'refuses {mark} outside an id',
    file: LAMP,
    from: "tag: 'eos/house/lamp/{verb}/{subject.room}/{subject.lampPlace}'",
    to: "tag: 'eos/house/lamp/{verb}/{subject.room}/{subject.mark}'",
    says: 'src/events/house/lamp.ts:40:46 EOS141 `{subject.mark}` is no leaf of the payload; expected a leaf of subject, verdict, change or links, or {verb}; did you mean `subject.room`?',
  },
  {
    claim: 'refuses bounds of what is no setting of the beacon',
    file: DUSK,
    from: 'bounds: { threshold',
    to: 'bounds: { treshold',
    says: 'src/beacons/dusk.ts:17:13 EOS133 `treshold` is not a field of dusk; expected a field of the interface; did you mean `threshold`?',
  },
]
