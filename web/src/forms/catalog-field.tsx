/**
 * A field with a list that the game's plugin looks up: one types to search, chooses by arrows or by hand, and may type what is not
 * listed where the plugin takes it, or where the list could not be had. The list is asked for when the field is first entered, and again
 * when other fields have changed since.
 */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ChevronDown, CircleAlert, LoaderCircle } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useId, useRef, useState, type FocusEvent, type KeyboardEvent } from 'react'
import { toApiError } from '~/api/problem'
import { labelOf, matching, meant, MOST_DRAWN, type Choice } from '~/lib/catalog'
import { catalog as c } from '~/strings/catalog'
import { cn } from '~/ui/cn'
import { Input } from '~/ui/field'

/** Where a list comes from. The key holds all that the answer depends on. */
export type CatalogSource = { key: readonly unknown[]; ask: (name: string, signal: AbortSignal) => Promise<Choice[]> }

type Props = { label: string; name: string; field: string; open: boolean; value: string; source: CatalogSource; disabled: boolean; onChange: (value: string) => void; onLeave: () => void }

export function CatalogField({ label, name, field, open: takesAny, value, source, disabled, onChange, onLeave }: Props) {
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  /** What is being typed; none while the field shows what is chosen. */
  const [typed, setTyped] = useState<string | null>(null)
  const [isOpen, setOpen] = useState(false)
  const [wasOpened, setOpened] = useState(false)
  const [at, setAt] = useState(-1)
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['choices', name, ...source.key],
    queryFn: ({ signal }) => source.ask(name, signal),
    enabled: wasOpened && !disabled,
    placeholderData: keepPreviousData,
    staleTime: 5 * 60_000,
    retry: false,
  })
  const choices = data ?? []
  const found = matching(choices, typed ?? '')
  const drawn = found.slice(0, MOST_DRAWN)
  const isKnown = data !== undefined && !error

  const show = () => {
    if (disabled) return
    setOpened(true)
    setOpen(true)
    setAt(-1)
  }
  const close = () => {
    setOpen(false)
    setAt(-1)
  }
  const choose = (choice: Choice) => {
    onChange(choice.value)
    setTyped(null)
    close()
  }
  const type = (text: string) => {
    show()
    setTyped(text)
    // Searching is not choosing: a closed list takes what is in it, once that has been named in full.
    const next = meant(choices, text)
    if (takesAny || !isKnown || choices.some((choice) => choice.value === next)) onChange(next)
  }
  const leave = (event: FocusEvent) => {
    if (box.current?.contains(event.relatedTarget)) return
    setTyped(null)
    close()
    onLeave()
  }
  const press = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0) {
      event.preventDefault()
      if (!isOpen) show()
      else if (drawn.length > 0) setAt((known) => (known + step + drawn.length + (known < 0 && step < 0 ? 1 : 0)) % drawn.length)
    } else if (event.key === 'Enter' && isOpen) {
      // The form is not sent by whoever chooses from a list.
      event.preventDefault()
      const choice = drawn[at]
      if (choice) choose(choice)
      else close()
    } else if (event.key === 'Escape' && isOpen) {
      event.preventDefault()
      event.stopPropagation()
      setTyped(null)
      close()
    }
  }

  const problem = error ? toApiError(error) : null
  const isListed = isOpen && drawn.length > 0
  return (
    <Popover.Root open={isListed}>
      <div ref={box} role="presentation" onBlur={leave}>
        <Popover.Anchor className="relative">
          <Input
            role="combobox"
            aria-expanded={isListed}
            aria-controls={`${id}-list`}
            aria-autocomplete="list"
            aria-activedescendant={isOpen && drawn[at] ? `${id}-${String(at)}` : undefined}
            name={field}
            value={typed ?? labelOf(choices, value)}
            disabled={disabled}
            autoComplete="off"
            spellCheck={false}
            className="pr-9"
            onFocus={() => setOpened(true)}
            onClick={show}
            onKeyDown={press}
            onChange={(event) => type(event.target.value)}
          />
          <button type="button" tabIndex={-1} disabled={disabled} aria-label={c.open(label)} onMouseDown={(event) => event.preventDefault()} onClick={() => (isOpen ? close() : (show(), box.current?.querySelector('input')?.focus()))} className="absolute top-0 right-0 grid h-8 w-9 place-items-center text-dim disabled:opacity-50">
            {isFetching ? <LoaderCircle aria-hidden className="size-4 animate-spin-slow" /> : <ChevronDown aria-hidden className="size-4" />}
          </button>
        </Popover.Anchor>
        {/* Over everything else of the page's main part: the bar with the buttons would cut it off. */}
        <Popover.Portal container={document.querySelector('main')}>
          <Popover.Content
            id={`${id}-list`}
            role="listbox"
            aria-label={c.list(label)}
            align="start"
            sideOffset={4}
            collisionPadding={8}
            onOpenAutoFocus={(event) => event.preventDefault()}
            onCloseAutoFocus={(event) => event.preventDefault()}
            onInteractOutside={(event) => event.preventDefault()}
            onMouseDown={(event) => event.preventDefault()}
            className="z-50 max-h-72 w-(--radix-popover-trigger-width) overflow-y-auto rounded-lg border border-line-strong bg-raised p-1 shadow-raised"
          >
            {drawn.map((choice, i) => (
              // Keys are the field's own: it keeps the focus, and says which choice is meant.
              // eslint-disable-next-line jsx-a11y/click-events-have-key-events
              <div
                key={choice.value}
                id={`${id}-${String(i)}`}
                ref={(element) => { if (i === at) element?.scrollIntoView({ block: 'nearest' }) }}
                role="option"
                tabIndex={-1}
                aria-selected={choice.value === value}
                onClick={() => choose(choice)}
                className={cn('cursor-pointer rounded-md px-2.5 py-1.5 text-sm wrap-anywhere hover:bg-hover', i === at && 'bg-hover', choice.value === value && 'font-medium')}
              >
                {choice.label}
                {choice.help && <span className="block text-xs font-normal text-dim">{choice.help}</span>}
              </div>
            ))}
            {found.length > drawn.length && <div role="option" aria-disabled aria-selected={false} tabIndex={-1} className="px-2.5 py-1.5 text-xs text-dim">{c.more(found.length - drawn.length)}</div>}
          </Popover.Content>
        </Popover.Portal>
        <p role="status" className="text-xs text-dim empty:hidden">
          {!isOpen ? null : isFetching && !isKnown ? c.loading : isKnown && found.length === 0 ? `${c.none} ${takesAny ? c.takesAny : c.notListed}` : isKnown ? <span className="sr-only">{c.listed(found.length)}</span> : null}
        </p>
        {problem && !isFetching && (
          <p className="mt-1.5 flex items-start gap-1.5 text-xs text-warn">
            <CircleAlert aria-hidden className="mt-px size-3.5 shrink-0" />
            <span>
              {c.failed} {problem.detail ?? problem.title} {c.typeIt}{' '}
              <button type="button" onClick={() => void refetch()} className="rounded-sm text-accent hover:underline">{c.again}</button>
            </span>
          </p>
        )}
      </div>
    </Popover.Root>
  )
}
