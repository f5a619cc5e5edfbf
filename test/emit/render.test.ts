import { describe, expect, it } from 'vitest'
import { readTemplates } from '../../src/command/templates.ts'
import { newRender } from '../../src/emit/render.ts'

const templates = readTemplates()

describe('a template', () => {
  it.each([
    { claim: 'in output', text: '<$ view.tilte $>' },
    { claim: 'in a condition, where nunjucks alone is silent', text: '<% if view.tilte %>x<% endif %>' },
    { claim: 'in a loop, where nunjucks alone is silent', text: '<% for x in view.itmes %>x<% endfor %>' },
    { claim: 'inside an item of a list', text: '<% for x in view.items %><$ x.nmae $><% endfor %>' },
  ])('refuses a property that its view does not have $claim', ({ text }) => {
    const render = newRender(new Map([['page', text]]))
    expect(() => render('page', { title: 'a', items: [{ name: 'b' }] })).toThrow(/EOS302 template page uses `view[.\w]*\.(tilte|itmes|nmae)`, which its view does not have; expected \w+/)
  })

  it('leaves quotes and braces of Salt alone', () => {
    const render = newRender(new Map([['page', `<$ view.text $> {{ pillar['x'] }}`]]))
    expect(render('page', { text: `it's "so" & <b>` })).toBe(`it's "so" & <b> {{ pillar['x'] }}`)
  })

  it.each([...templates.keys()])('%s uses only `for`, `if` and its view, in at most 120 lines', (name) => {
    const text = templates.get(name) ?? ''
    expect(text.split('\n').length).toBeLessThanOrEqual(120)
    expect([...text.matchAll(/<%\s*(\w+)/g)].map(([, tag]) => tag).filter((tag) => !['for', 'endfor', 'if', 'endif'].includes(tag ?? ''))).toEqual([])
    const loops = [...text.matchAll(/<%\s*for (\w+) in/g)].map(([, variable]) => variable)
    const heads = [...text.matchAll(/<\$\s*(\w+)/g), ...text.matchAll(/<%\s*for \w+ in (\w+)/g)].map(([, head]) => head)
    expect(heads.filter((head) => head !== 'view' && !loops.includes(head))).toEqual([])
  })
})
