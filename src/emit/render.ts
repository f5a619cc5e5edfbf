import nunjucks from 'nunjucks'
import { EosError } from '../contract/error.ts'

/** Renders a template by name with a view; a property that the view does not have is an error. */
export type Render = (template: string, view: object) => string

/** A renderer over the texts of templates: tags `<% %>` and `<$ $>`, no escaping, nothing undefined. */
export function newRender(templates: ReadonlyMap<string, string>): Render {
  const environment = new nunjucks.Environment(null, {
    autoescape: false,
    throwOnUndefined: true,
    trimBlocks: true,
    lstripBlocks: true,
    tags: { blockStart: '<%', blockEnd: '%>', variableStart: '<$', variableEnd: '$>', commentStart: '<#', commentEnd: '#>' },
  })
  const compiled = new Map([...templates].map(([name, text]) => [name, new nunjucks.Template(text, environment, name, true)]))
  return (name, view) => {
    const template = compiled.get(name)
    if (!template) throw new EosError('EOS302', `template ${name} is not there`, `one of ${[...compiled.keys()].join(', ')}`, 'correct the emitter')
    return template.render({ view: strict(view, name, 'view') })
  }
}

/** A view that answers for a missing property with an error; nunjucks alone prints nothing for `view.feilds`. */
function strict(value: object, template: string, path: string): object {
  return new Proxy(value, {
    get(target, property): unknown {
      const found: unknown = Reflect.get(target, property)
      if (typeof property === 'symbol') return found
      if (found === undefined && !Array.isArray(target)) throw new EosError('EOS302', `template ${template} uses \`${path}.${property}\`, which its view does not have`, Object.keys(target).join(', '), 'correct the template')
      return typeof found === 'object' && found !== null ? strict(found, template, `${path}.${property}`) : found
    },
  })
}
