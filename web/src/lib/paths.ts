/**
 * Paths inside a server's directory, as the API spells them: parts with slashes between, none in front, and names that
 * are not plain text as `%%` with their bytes percent-encoded.
 */

export const join = (directory: string, name: string): string => (directory ? `${directory}/${name}` : name)
export const parent = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
export const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Where a thing goes when this is typed for it: a name alone stays in its folder, a slash in front begins at the server's. */
export const aimed = (path: string, typed: string): string => (typed.startsWith('/') ? typed.slice(1) : typed.includes('/') ? typed : join(parent(path), typed))

/** The directories on the way, outermost first. */
export function crumbs(path: string): { name: string; path: string }[] {
  const parts = path.split('/').filter(Boolean)
  return parts.map((name, i) => ({ name, path: parts.slice(0, i + 1).join('/') }))
}

// What steers a terminal or turns the reading direction; the node refuses it unescaped.
// eslint-disable-next-line no-control-regex
const STEERS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/

/** The spelling of a name that comes from elsewhere, such as a file's that is uploaded. */
export function spell(name: string): string {
  if (!name.startsWith('%%') && !STEERS.test(name)) return name
  const escaped = [...new TextEncoder().encode(name)].map((byte) => {
    const letter = String.fromCharCode(byte)
    return /[A-Za-z0-9_. -]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  })
  return `%%${escaped.join('')}`
}

/** Whether a text can be one name. */
export const isName = (text: string): boolean => text.length > 0 && text !== '.' && text !== '..' && !text.includes('/') && !STEERS.test(text)

/** A name that nothing in the list has: `a.txt` becomes `a copy.txt`, then `a copy 2.txt`. */
export function copyName(name: string, taken: ReadonlySet<string>): string {
  const dot = name.lastIndexOf('.')
  const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  for (let n = 1; ; n += 1) {
    const free = `${stem} copy${n === 1 ? '' : ` ${String(n)}`}${end}`
    if (!taken.has(free)) return free
  }
}
