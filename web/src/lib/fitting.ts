/** Which columns of a table there is room for. Measured by their least widths, so that none is ever drawn past the table's edge. */

/** `yields` are the columns that go first where there is too little room: the highest before the others, and never those without. */
export type Fitting = { track: string; yields?: number }

/** Room between columns, and beside the first and the last together, as the table draws them. */
const GAP_REM = 0.75
const SIDES_REM = 2

/** The least width of a grid track: `8rem`, `minmax(8rem,1fr)`. */
const least = (track: string): number => Number(/([\d.]+)rem/.exec(track)?.[1] ?? 0)

const needed = (columns: readonly Fitting[]): number => columns.reduce((sum, { track }) => sum + least(track) + GAP_REM, SIDES_REM - GAP_REM)

export function fitting<C extends Fitting>(columns: readonly C[], rem: number): C[] {
  const kept = [...columns]
  while (needed(kept) > rem) {
    const first = kept.reduce<C | null>((found, one) => (one.yields !== undefined && one.yields > (found?.yields ?? -1) ? one : found), null)
    // What must stay shares the room that there is.
    if (!first) return kept.map((one) => ({ ...one, track: one.track.replace(/^minmax\([\d.]+rem/, 'minmax(0') }))
    kept.splice(kept.indexOf(first), 1)
  }
  return kept
}
