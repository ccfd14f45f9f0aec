/** Ctrl-K: servers by name, places, and the actions of the server that is open. A combobox over one listbox. */
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Monitor, Moon, Plus, Sun, UserRound, LogOut, Zap, type LucideIcon } from 'lucide-react'
import { Dialog as Primitive } from 'radix-ui'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react'
import { useSession } from '~/actions/context'
import { chosenAction, offeredQuery } from '~/actions/offered'
import { mayCreateServers, placesFor } from '~/actions/navigation'
import { POWER_ICONS, powerActions, usePower, useServerActions } from '~/actions/servers'
import { useSignOut } from '~/actions/session'
import { client, take } from '~/api/client'
import { serverQuery } from '~/api/queries'
import type { ServerBlueprint, ServerView } from '~/api/types'
import { powerByName, powerByVerb, spokenPower } from '~/lib/power-search'
import { serverStatus } from '~/lib/server-status'
import { setTheme } from '~/lib/theme'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { actions as a } from '~/strings/actions'
import { cn } from '~/ui/cn'
import { BlueprintIcon } from './blueprint-icon'

type Entry = { id: string; group: string; label: string; note?: string; icon?: LucideIcon; blueprint?: ServerBlueprint; keywords: string; disabledReason?: string | null; run: () => void }

/** What was typed while this was fetched. */
export type Early = { text: () => string; end: () => void }

export function Palette({ early, onClose }: { early: Early; onClose: () => void }) {
  // Held here, for what is below begins anew once a server is known.
  const typed = useState(early.text)
  useLayoutEffect(() => early.end(), [early])
  const { serverId } = useParams({ strict: false })
  const { data: server } = useQuery({ ...serverQuery(serverId ?? ''), enabled: serverId !== undefined })
  return server ? <WithServer typed={typed} server={server} onClose={onClose} /> : <PaletteDialog typed={typed} more={[]} onClose={onClose} />
}

type Typed = [string, (text: string) => void]

function WithServer({ typed, server, onClose }: { typed: Typed; server: ServerView; onClose: () => void }) {
  const actions = powerActions(useServerActions(server))
  // Kill is held, never picked from a list by a slip of the hand.
  const more = actions
    .filter((action) => !action.dangerous)
    .map((action): Entry => ({ id: action.id, group: s.palette.actions, label: `${action.label} ${server.name}`, icon: action.icon, keywords: action.keywords ?? '', disabledReason: action.disabledReason, run: action.perform }))
  const { data: offer } = useQuery({ ...offeredQuery(server), enabled: server.permissions.includes('actions.use') })
  const offered = (offer?.items ?? []).map(({ action, reason }): Entry => ({ id: `offered-${action.id}`, group: s.palette.actions, label: action.title, note: server.name, icon: Zap, keywords: `${a.label} ${action.help}`, disabledReason: reason, run: () => chosenAction.set({ serverId: server.id, action: action.id }) }))
  return <PaletteDialog typed={typed} more={[...more, ...offered]} onClose={onClose} />
}

const searchQuery = (text: string) =>
  queryOptions({
    queryKey: ['palette', text],
    queryFn: ({ signal }) => take(client.GET('/api/servers', { params: { query: { limit: 8, ...(text && { search: text }) } }, signal })),
    // States change, and with them what can be done.
    staleTime: 2_000,
    placeholderData: keepPreviousData,
  })

/** Power over servers that are not open: by a verb in front, or behind the names that were found. */
function usePowerEntries(text: string, found: readonly ServerView[]): Entry[] {
  const power = usePower()
  const { serverId: open } = useParams({ strict: false })
  const spoken = spokenPower(text)
  const { data } = useQuery({ ...searchQuery(spoken.name), enabled: spoken.verbs.length > 0 })
  const named = (data?.items ?? []).filter(({ name }) => hasWords(name, spoken.name))
  const choices = spoken.verbs.length > 0 ? powerByVerb(named, spoken) : text.trim() ? powerByName(found.filter(({ name }) => hasWords(name, text))) : []
  return choices
    .filter(({ server }) => server.id !== open)
    .map(({ server, verb, reason }) => ({ id: `${verb}-${server.id}`, group: s.palette.actions, label: `${s.server[verb]} ${server.name}`, icon: POWER_ICONS[verb], keywords: '', disabledReason: reason, run: () => power.mutate({ serverId: server.id, action: verb }) }))
}

const hasWords = (text: string, words: string) => words.toLowerCase().split(/\s+/).every((word) => text.toLowerCase().includes(word))

function useEntries(more: Entry[], text: string): Entry[] {
  const session = useSession()
  const navigate = useNavigate()
  const signOut = useSignOut()
  const { data } = useQuery(searchQuery(text))
  const powers = usePowerEntries(text, data?.items ?? [])
  const found = (data?.items ?? []).map((item): Entry => ({ id: item.id, group: s.palette.servers, label: item.name, note: serverStatus(item).word, blueprint: item.blueprint, keywords: `${item.blueprint.name} ${item.node.name}`, run: () => void navigate(to.server(item.id)) }))
  const places: Entry[] = [
    ...placesFor(session).map((place) => ({ id: place.id, group: s.palette.go, label: place.label, icon: place.icon, keywords: '', run: () => void navigate(place.link) })),
    { id: 'account', group: s.palette.go, label: s.account.settings, icon: UserRound, keywords: s.account.password, run: () => void navigate(to.account()) },
  ]
  const theme = (id: 'light' | 'dark' | 'system', icon: LucideIcon): Entry => ({ id: `theme-${id}`, group: s.palette.actions, label: `${s.account.theme}: ${s.account[id]}`, icon, keywords: '', run: () => setTheme(id) })
  const actions: Entry[] = [
    ...(mayCreateServers(session) ? [{ id: 'create', group: s.palette.actions, label: s.servers.create, icon: Plus, keywords: '', run: () => void navigate(to.newServer()) }] : []),
    ...more,
    theme('light', Sun),
    theme('dark', Moon),
    theme('system', Monitor),
    { id: 'sign-out', group: s.palette.actions, label: s.account.signOut, icon: LogOut, keywords: '', run: signOut },
  ]
  const fits = (entry: Entry) => hasWords(`${entry.label} ${entry.keywords} ${entry.note ?? ''}`, text)
  const mine = text ? [...more, ...actions.filter((entry) => !more.includes(entry))] : actions
  const hits = [...found.filter(fits).slice(0, 8), ...places.filter(fits)]
  // Who begins with a verb means to do something: that comes first, and the rest behind it.
  const verb = spokenPower(text).verbs.length > 0
  return verb ? [...more.filter(fits), ...powers, ...actions.filter((entry) => !more.includes(entry) && fits(entry)), ...hits] : [...hits, ...powers, ...mine.filter(fits)]
}

function PaletteDialog({ typed: [text, setText], more, onClose }: { typed: Typed; more: Entry[]; onClose: () => void }) {
  const [active, setActive] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const id = useId()
  const entries = useEntries(more, text)
  const index = Math.min(active, Math.max(0, entries.length - 1))

  useEffect(() => {
    list.current?.querySelector(`[data-index="${String(index)}"]`)?.scrollIntoView({ block: 'nearest' })
  }, [index])

  const run = (entry: Entry | undefined) => {
    if (!entry || entry.disabledReason) return
    onClose()
    entry.run()
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: entries.length - 1 }
    const next = moves[event.key]
    if (next !== undefined) {
      event.preventDefault()
      setActive((next + entries.length) % Math.max(1, entries.length))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(entries[index])
    }
  }

  return (
    <Primitive.Root open onOpenChange={(open) => !open && onClose()}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-50 bg-black/50" />
        <Primitive.Content
          aria-describedby={`${id}-hint`}
          className="fixed inset-x-2 top-2 z-50 mx-auto flex max-h-[80dvh] max-w-xl animate-in flex-col overflow-hidden rounded-lg border border-line-strong bg-raised shadow-raised outline-none sm:top-[14vh] sm:max-h-[60vh]"
        >
          <Primitive.Title className="sr-only">{s.palette.title}</Primitive.Title>
          <p id={`${id}-hint`} className="sr-only">
            {s.palette.hint}
          </p>
          <input
            role="combobox"
            aria-label={s.palette.placeholder}
            aria-expanded={entries.length > 0}
            aria-controls={`${id}-list`}
            aria-activedescendant={entries[index] ? `${id}-${String(index)}` : undefined}
            autoFocus
            autoComplete="off"
            spellCheck={false}
            value={text}
            placeholder={s.palette.placeholder}
            onChange={(event) => {
              setText(event.target.value)
              setActive(0)
            }}
            onKeyDown={onKeyDown}
            className="h-12 w-full shrink-0 border-b border-line bg-transparent px-4 text-base outline-none"
          />
          <div ref={list} id={`${id}-list`} role={entries.length === 0 ? 'status' : 'listbox'} aria-label={s.palette.title} className="min-h-0 flex-1 overflow-y-auto p-1.5">
            {entries.length === 0 && <p className="px-3 py-8 text-center text-sm text-dim">{s.palette.empty}</p>}
            {entries.map((entry, i) => (
              <PaletteEntry key={`${entry.group}-${entry.id}`} entry={entry} id={`${id}-${String(i)}`} index={i} active={i === index} first={entry.group !== entries[i - 1]?.group} onActive={() => setActive(i)} onRun={() => run(entry)} />
            ))}
          </div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  )
}

type PaletteEntryProps = { entry: Entry; id: string; index: number; active: boolean; first: boolean; onActive: () => void; onRun: () => void }

function PaletteEntry({ entry, id, index, active, first, onActive, onRun }: PaletteEntryProps) {
  return (
    <>
      {first && <div role="presentation" className="px-2.5 pt-2.5 pb-1 text-xs text-dim">{entry.group}</div>}
      {/* Keys are handled by the combobox, which keeps the focus. */}
      {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events */}
      <div
        id={id}
        role="option"
        tabIndex={-1}
        aria-selected={active}
        aria-disabled={Boolean(entry.disabledReason) || undefined}
        data-index={index}
        onMouseMove={onActive}
        onClick={onRun}
        className={cn('flex min-h-9 cursor-pointer items-center gap-3 rounded-md px-2.5 py-1.5 text-sm', active && 'bg-track', entry.disabledReason && 'cursor-not-allowed text-dim')}
      >
        {entry.blueprint && <BlueprintIcon blueprint={entry.blueprint} className="size-5 rounded-sm text-2xs" />}
        {entry.icon && <entry.icon aria-hidden className="mx-0.5 size-4 shrink-0 text-dim" />}
        <span className="min-w-0 flex-1 truncate">{entry.label}</span>
        <span className="truncate text-xs text-dim">{entry.disabledReason ?? entry.note}</span>
      </div>
    </>
  )
}
