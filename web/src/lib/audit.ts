/** What a record of the audit log says has changed. */

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const isPlain = (value: unknown) => value === null || ['string', 'number', 'boolean'].includes(typeof value)
const shown = (value: unknown) => (value === null || value === '' ? '–' : String(value))

/** One text for each field that differs; null when the change is no set of plain fields, so that it is shown whole. */
export function changes(before: unknown, after: unknown): string[] | null {
  const [from, to] = [before ?? {}, after ?? {}]
  if (!isFields(from) || !isFields(to)) return null
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter((key) => JSON.stringify(from[key]) !== JSON.stringify(to[key]))
  if (keys.some((key) => !isPlain(from[key] ?? null) || !isPlain(to[key] ?? null))) return null
  return keys.map((key) => (key in from && key in to ? `${key}: ${shown(from[key])} → ${shown(to[key])}` : `${key}: ${shown(from[key] ?? to[key])}`))
}

/** The names that a change of files was about, one text for each; null when it was about something else. */
export function fileNames(after: unknown): string[] | null {
  if (!isFields(after)) return null
  const arrow = (one: unknown) => (isFields(one) && typeof one.from === 'string' ? [`${one.from} → ${String(one.to)}`] : [])
  if (Array.isArray(after.renames)) return after.renames.flatMap(arrow)
  if (Array.isArray(after.paths)) return after.paths.map(String)
  if (typeof after.path === 'string') return [after.path]
  const renamed = arrow(after)
  return renamed.length > 0 ? renamed : null
}
