/** The menus that narrow the server list, fetched when their buttons are approached. */
import type { ReactNode } from 'react'
import type { useColumns } from '~/lib/columns'
import { STATUS_WORDS, withTerm } from '~/lib/server-filter'
import { s } from '~/strings'
import type { OpenedBy } from '~/ui/lazy-menu'
import { Menu, MenuCheck, MenuItem, MenuLabel, MenuLine } from '~/ui/menu'

type Opening = { trigger: ReactNode; openedBy: OpenedBy }
type Choosable = { id: string; header: string; fixed?: boolean; hidden?: boolean }
export type FilterProps = { value: string; onChange: (text: string) => void }
export type ColumnMenuProps = { table: ReturnType<typeof useColumns<Choosable>>; columns: readonly Choosable[] }

/** The terms that there are; choosing one puts it into the filter. */
export function FilterHelpMenu({ value, onChange, trigger, openedBy }: FilterProps & Opening) {
  const { words, status, ...about } = s.servers.filter
  const term = (name: string, example: string) => (
    <MenuItem key={example} onSelect={() => onChange(withTerm(value, name, example))}>
      <code className="font-mono text-xs">{`${name}:${example}`}</code>
    </MenuItem>
  )
  return (
    <Menu trigger={trigger} openedBy={openedBy}>
      <p className="max-w-64 px-2.5 pt-1.5 pb-2 text-xs text-dim">{words}</p>
      <MenuLine />
      <MenuLabel>{status}</MenuLabel>
      <div className="grid grid-cols-2">{STATUS_WORDS.slice(0, 8).map((word) => term('status', word))}</div>
      {(['node', 'owner', 'game'] as const).map((name) => (
        <div key={name} className="flex items-center justify-between gap-3">
          {term(name, about.example[name])}
          <span className="px-2.5 text-xs text-dim">{about[name]}</span>
        </div>
      ))}
    </Menu>
  )
}

export function ColumnMenu({ table, columns, trigger, openedBy }: ColumnMenuProps & Opening) {
  return (
    <Menu trigger={trigger} openedBy={openedBy}>
      <MenuLabel>{s.common.columns}</MenuLabel>
      {columns.filter((column) => !column.fixed).map((column) => (
        <MenuCheck key={column.id} checked={table.isShown(column)} onChange={(shown) => table.show(column, shown)}>
          {column.header}
        </MenuCheck>
      ))}
      <p className="max-w-48 px-2.5 pt-1 pb-1.5 text-xs text-dim">{s.servers.columnsHelp}</p>
      {table.changed && (
        <>
          <MenuLine />
          <MenuItem onSelect={table.reset}>{s.common.resetColumns}</MenuItem>
        </>
      )}
    </Menu>
  )
}
