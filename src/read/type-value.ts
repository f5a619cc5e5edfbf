import { Node, SyntaxKind, type TypeNode } from 'ts-morph'
import type { Json } from '../contract/types.ts'

/** The JSON that a literal type stands for, as in `Default<string[], ['a']>`; undefined when it is none. */
export function jsonOfType(node: TypeNode): Json | undefined {
  if (Node.isLiteralTypeNode(node)) {
    const literal = node.getLiteral()
    if (Node.isStringLiteral(literal) || Node.isNoSubstitutionTemplateLiteral(literal)) return literal.getLiteralValue()
    if (Node.isNumericLiteral(literal)) return literal.getLiteralValue()
    if (Node.isTrueLiteral(literal)) return true
    if (Node.isFalseLiteral(literal)) return false
    if (Node.isNullLiteral(literal)) return null
    if (Node.isPrefixUnaryExpression(literal) && literal.getOperatorToken() === SyntaxKind.MinusToken) {
      const operand = literal.getOperand()
      return Node.isNumericLiteral(operand) ? -operand.getLiteralValue() : undefined
    }
    return undefined
  }
  if (Node.isTupleTypeNode(node)) return every(node.getElements().map((item) => (Node.isNamedTupleMember(item) ? undefined : jsonOfType(item))))
  if (Node.isTypeLiteral(node)) return recordOf(node.getMembers())
  return undefined
}

function recordOf(members: readonly Node[]): Json | undefined {
  const record: { [key: string]: Json } = {}
  for (const member of members) {
    const type = Node.isPropertySignature(member) ? member.getTypeNode() : undefined
    const value = type && jsonOfType(type)
    if (!Node.isPropertySignature(member) || value === undefined) return undefined
    record[member.getName().replace(/^(['"])(.*)\1$/, '$2')] = value
  }
  return record
}

function every(values: readonly (Json | undefined)[]): Json | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === values.length ? known : undefined
}
