/** What narrows the server list: the filter as text with its help, and the choice of columns. */
import { CircleQuestionMark, Columns3, Search, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { useColumns } from '~/lib/columns'
import { STATUS_WORDS, withTerm } from '~/lib/server-filter'
import { s } from '~/strings'
import { IconButton, PlainIconButton } from '~/ui/button'
import { Menu, MenuCheck, MenuItem, MenuLabel, MenuLine } from '~/ui/menu'

type FilterProps = { value: string; onChange: (text: string) => void }

export function FilterBox({ value, onChange }: FilterProps) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest('input:not([type=checkbox]), textarea, select, [contenteditable], [role="dialog"]')
      if (event.key !== '/' || typing) return
      event.preventDefault()
      input.current?.focus()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  return (
    <div className="relative min-w-0 flex-1 sm:w-80 sm:flex-none">
      <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-dim" />
      <input
        ref={input}
        type="search"
        aria-label={s.common.filter}
        aria-keyshortcuts="/"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder={s.servers.filterPlaceholder}
        spellCheck={false}
        autoCapitalize="none"
        className="h-8 w-full rounded-md border border-line-strong bg-surface pr-16 pl-8 text-base focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0 sm:text-sm [&::-webkit-search-cancel-button]:hidden"
      />
      <div className="absolute inset-y-0.5 right-0.5 flex">
        {value && (
          <IconButton size="iconSm" label={s.common.clearFilter} onClick={() => onChange('')}>
            <X aria-hidden />
          </IconButton>
        )}
        <FilterHelp value={value} onChange={onChange} />
      </div>
    </div>
  )
}

/** The terms that there are; choosing one puts it into the filter. */
function FilterHelp({ value, onChange }: FilterProps) {
  const { help, words, status, ...about } = s.servers.filter
  const term = (name: string, example: string) => (
    <MenuItem key={example} onSelect={() => onChange(withTerm(value, name, example))}>
      <code className="font-mono text-xs">{`${name}:${example}`}</code>
    </MenuItem>
  )
  return (
    <Menu
      trigger={
        <PlainIconButton size="iconSm" label={help}>
          <CircleQuestionMark aria-hidden />
        </PlainIconButton>
      }
    >
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

type Table<C extends { id: string; header: string; fixed?: boolean; hidden?: boolean }> = ReturnType<typeof useColumns<C>>

export function ColumnMenu<C extends { id: string; header: string; fixed?: boolean; hidden?: boolean }>({ table, columns }: { table: Table<C>; columns: readonly C[] }) {
  return (
    <Menu
      trigger={
        <PlainIconButton label={s.common.columns} variant="secondary">
          <Columns3 aria-hidden />
        </PlainIconButton>
      }
    >
      <MenuLabel>{s.common.columns}</MenuLabel>
      {columns.filter((column) => !column.fixed).map((column) => (
        <MenuCheck key={column.id} checked={table.isShown(column)} onChange={(shown) => table.show(column, shown)}>
          {column.header}
        </MenuCheck>
      ))}
      {table.changed && (
        <>
          <MenuLine />
          <MenuItem onSelect={table.reset}>{s.common.resetColumns}</MenuItem>
        </>
      )}
    </Menu>
  )
}
