/** What stands at the end of a path in a JSON text. Numbers written with a point or an exponent are floats. */
export interface Leaf {
  readonly kind: 'int' | 'float' | 'string' | 'boolean' | 'null' | 'empty';
  readonly value: unknown;
}

/** A number together with how it was written, which `JSON.parse` forgets. */
class WrittenNumber {
  readonly value: number;
  readonly source: string;

  constructor(value: number, source: string) {
    this.value = value;
    this.source = source;
  }
}

type SourceReviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown;

/** Every leaf of a JSON text by its path (`phases[0].name`), in the text's order. */
export function jsonLeaves(text: string): Map<string, Leaf> {
  const root = parseWithSource(text, (_key, value, { source }) =>
    typeof value === 'number' ? new WrittenNumber(value, source ?? '') : value,
  );
  const leaves = new Map<string, Leaf>();
  visit(root, '', leaves);
  return leaves;
}

function visit(node: unknown, path: string, leaves: Map<string, Leaf>): void {
  if (node instanceof WrittenNumber) {
    leaves.set(path, { kind: /[.eE]/.test(node.source) ? 'float' : 'int', value: node.value });
  } else if (node === null) {
    leaves.set(path, { kind: 'null', value: null });
  } else if (typeof node !== 'object') {
    leaves.set(path, { kind: typeof node === 'boolean' ? 'boolean' : 'string', value: node });
  } else {
    const entries = Object.entries(node);
    if (entries.length === 0) leaves.set(path, { kind: 'empty', value: Array.isArray(node) ? [] : {} });
    const isList = Array.isArray(node);
    for (const [key, child] of entries) {
      visit(child, isList ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`, leaves);
    }
  }
}
