/** `27960-27970, 30000` as a count of ports; null when it is not that. */
export const PORTS_AT_ONCE = 1_000

export function countPorts(text: string): number | null {
  const seen = new Set<number>()
  for (const part of text.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*$/.exec(part) ?? []
    const [from, to] = [Number(first), Number(last)]
    if (first === undefined || from < 1 || to > 65_535 || to < from) return null
    for (let port = from; port <= to; port += 1) seen.add(port)
  }
  return seen.size
}

const V4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/

/** Good enough to catch a slip of the hand; the control plane parses it properly. */
export const isAddress = (text: string): boolean => V4.test(text) || (/^[0-9a-f:.]{2,45}$/i.test(text) && text.includes(':'))
