/** Which columns of a table are shown: the table's own choice, changed by the person's, remembered by this browser. */
import { useState } from 'react'

/** By column, whether it is shown; a column that was never asked about is not in it, so that new ones appear by themselves. */
export type ColumnChoice = Readonly<Record<string, boolean>>
type Keep = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
type Choosable = { id: string; fixed?: boolean; hidden?: boolean; yields?: number }

const key = (table: string) => `gantry.columns.${table}`

/** Storage may be forbidden, and may hold anything. */
export function readColumns(table: string, keep: Keep | undefined): ColumnChoice {
  try {
    const value: unknown = JSON.parse(keep?.getItem(key(table)) ?? '{}')
    if (typeof value !== 'object' || value === null) return {}
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, boolean] => typeof entry[1] === 'boolean'))
  } catch {
    return {}
  }
}

export function writeColumns(table: string, choice: ColumnChoice, keep: Keep | undefined): void {
  try {
    if (Object.keys(choice).length === 0) keep?.removeItem(key(table))
    else keep?.setItem(key(table), JSON.stringify(choice))
  } catch {
    // The choice holds for this page.
  }
}

export const isShown = (column: Choosable, choice: ColumnChoice): boolean => column.fixed === true || (choice[column.id] ?? column.hidden !== true)

/** What somebody asked for by name is the last to go where there is too little room for all. */
const insisted = <C extends Choosable>(column: C, choice: ColumnChoice): C => (choice[column.id] === true && column.yields !== undefined ? { ...column, yields: column.yields / 10 } : column)

const storage = (): Keep | undefined => {
  try {
    return globalThis.localStorage
  } catch {
    return undefined
  }
}

export function useColumns<C extends Choosable>(table: string, columns: readonly C[]) {
  const [choice, setChoice] = useState(() => readColumns(table, storage()))
  const choose = (next: ColumnChoice) => {
    setChoice(next)
    writeColumns(table, next, storage())
  }
  return {
    shown: columns.filter((column) => isShown(column, choice)).map((column) => insisted(column, choice)),
    isShown: (column: Choosable) => isShown(column, choice),
    changed: Object.keys(choice).length > 0,
    show: (column: Choosable, shown: boolean) => choose({ ...choice, [column.id]: shown }),
    reset: () => choose({}),
  }
}
