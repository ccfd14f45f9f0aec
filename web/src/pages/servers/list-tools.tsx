/** What narrows the server list: the filter as text with its help, and the choice of columns. */
import { CircleQuestionMark, Columns3, Search, X } from 'lucide-react'
import { lazy, useEffect, useRef } from 'react'
import { s } from '~/strings'
import { IconButton, PlainIconButton } from '~/ui/button'
import { LazyMenu } from '~/ui/lazy-menu'
import type { ColumnMenuProps, FilterProps } from './list-menus'

const fetchMenus = () => import('./list-menus')
const FilterHelpMenu = lazy(() => fetchMenus().then((part) => ({ default: part.FilterHelpMenu })))
const ColumnMenuOpen = lazy(() => fetchMenus().then((part) => ({ default: part.ColumnMenu })))

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

function FilterHelp(props: FilterProps) {
  const trigger = (
    <PlainIconButton size="iconSm" label={s.servers.filter.help}>
      <CircleQuestionMark aria-hidden />
    </PlainIconButton>
  )
  return (
    <LazyMenu trigger={trigger} preload={() => void fetchMenus()}>
      {(openedBy) => <FilterHelpMenu {...props} trigger={trigger} openedBy={openedBy} />}
    </LazyMenu>
  )
}

export function ColumnMenu(props: ColumnMenuProps) {
  const trigger = (
    <PlainIconButton label={s.common.columns} variant="secondary">
      <Columns3 aria-hidden />
    </PlainIconButton>
  )
  return (
    <LazyMenu trigger={trigger} preload={() => void fetchMenus()}>
      {(openedBy) => <ColumnMenuOpen {...props} trigger={trigger} openedBy={openedBy} />}
    </LazyMenu>
  )
}
