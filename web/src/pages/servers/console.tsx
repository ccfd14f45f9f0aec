/** The console tab: terminal, tools above it, input below it. */
import { useQuery } from '@tanstack/react-query'
import { ArrowDown, ArrowUp, ChevronsUp, ClipboardCopy, Clock, Download, Eraser, Search, TerminalSquare, X } from 'lucide-react'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { offeredQuery } from '~/actions/offered'
import type { ServerView } from '~/api/types'
import { inputState } from '~/lib/console-input'
import { isActive, isInstalling, isRestoring, refusal } from '~/lib/server-status'
import { useTheme } from '~/lib/theme'
import { s } from '~/strings'
import { actions as a } from '~/strings/actions'
import { Button, IconButton } from '~/ui/button'
import { copyText } from '~/ui/copy-button'
import { Empty } from '~/ui/empty'
import { toast } from '~/ui/toast'
import { useServer } from './layout'
import { CommandInput } from './terminal/command-input'
import { ConsoleController } from './terminal/controller'

export function ConsolePage() {
  const server = useServer()
  if (!server.permissions.includes('console.read')) return <Empty icon={TerminalSquare} title={s.console.noRead} />
  return <Console key={server.id} server={server} />
}

const STAMPS = 'gantry.console.timestamps'
const stampsWanted = () => {
  try {
    return localStorage.getItem(STAMPS) === 'yes'
  } catch {
    return false
  }
}

function useController(serverId: string, timestamps: boolean) {
  const theme = useTheme()
  const element = useRef<HTMLDivElement>(null)
  const [controller, setController] = useState<ConsoleController | null>(null)
  const first = useRef({ theme, timestamps })

  useEffect(() => {
    if (!element.current) return
    const made = new ConsoleController(serverId, element.current, first.current.theme, {
      label: s.console.label,
      timestamps: first.current.timestamps,
    })
    setController(made)
    return () => {
      made.close()
      setController(null)
    }
  }, [serverId])
  useEffect(() => controller?.setTheme(theme), [controller, theme])
  useEffect(() => controller?.setTimestamps(timestamps), [controller, timestamps])
  return { element, controller }
}

function Console({ server }: { server: ServerView }) {
  const [timestamps, setTimestamps] = useState(stampsWanted)
  const [searching, setSearching] = useState(false)
  const { element, controller } = useController(server.id, timestamps)

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f' && !document.querySelector('[role="dialog"]')) {
        event.preventDefault()
        setSearching(true)
      }
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  const toggleStamps = () => {
    setTimestamps(!timestamps)
    try {
      localStorage.setItem(STAMPS, timestamps ? 'no' : 'yes')
    } catch {
      // Storage may be forbidden; the choice holds for this page.
    }
  }

  return (
    <section aria-label={s.console.label} className="relative isolate flex min-h-0 flex-1 flex-col bg-terminal">
      <div className="z-20 flex max-w-full shrink-0 items-center overflow-x-clip justify-end gap-0.5 border-line bg-surface p-0.5 max-sm:border-b sm:absolute sm:top-2 sm:right-4 sm:rounded-md sm:border sm:bg-raised/95 sm:shadow-sm">
        {searching && controller && <SearchBox controller={controller} onClose={() => setSearching(false)} />}
        {!searching && <IconButton size="iconSm" label={s.console.search} hint="Ctrl F" onClick={() => setSearching(true)}><Search aria-hidden /></IconButton>}
        <IconButton size="iconSm" label={s.console.timestamps} aria-pressed={timestamps} className={timestamps ? 'bg-hover !text-accent' : undefined} onClick={toggleStamps}><Clock aria-hidden /></IconButton>
        <IconButton size="iconSm" label={s.console.copy} onClick={() => controller && void copyText(controller.text()).then((done) => toast(done ? { title: s.console.copied } : { tone: 'bad', title: s.copy.failed }))}><ClipboardCopy aria-hidden /></IconButton>
        <IconButton size="iconSm" label={s.console.download} onClick={() => controller && download(`${server.name}.log`, controller.text())}><Download aria-hidden /></IconButton>
        <IconButton size="iconSm" label={s.console.clear} onClick={() => controller?.clear()}><Eraser aria-hidden /></IconButton>
      </div>
      <div className="relative min-h-0 flex-1">
        <div ref={element} className="absolute inset-0" />
        {controller && <Overlays controller={controller} server={server} />}
      </div>
      {server.blueprint.commands === 'none' ? <NoCommands server={server} /> : controller && <InputBar controller={controller} server={server} />}
    </section>
  )
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** While something is under way, nobody is told to start the server. */
function emptyWords(server: ServerView): string {
  if (isInstalling(server)) return s.console.emptyInstalling
  if (isRestoring(server)) return s.console.emptyRestoring
  return ['offline', 'uninstalled'].includes(server.observed.state) && !isActive(server.operation) ? s.console.emptyOffline : s.console.empty
}

function Overlays({ controller, server }: { controller: ConsoleController; server: ServerView }) {
  const state = useSyncExternalStore(controller.state.watch, controller.state.get)
  const link = useSyncExternalStore(controller.link.socket.state.watch, controller.link.socket.state.get)
  const [loading, setLoading] = useState(false)
  const older = () => {
    setLoading(true)
    void controller.older().catch(() => undefined).finally(() => setLoading(false))
  }
  return (
    <>
      {state.empty && (
        <p className="pointer-events-none absolute inset-x-0 top-1/3 px-6 text-center text-sm text-dim">
          {link.status === 'connecting' || !state.told ? s.console.connecting : emptyWords(server)}
        </p>
      )}
      {state.atTop && state.older && (
        <Button size="sm" busy={loading} onClick={older} className="absolute top-2 left-1/2 z-10 -translate-x-1/2 rounded-full bg-raised shadow-raised">
          {!loading && <ChevronsUp aria-hidden />}
          {s.console.older}
        </Button>
      )}
      {!state.following && (
        <Button size="sm" variant="primary" onClick={() => controller.follow()} className="absolute bottom-3 left-1/2 z-10 -translate-x-1/2 rounded-full shadow-raised">
          <ArrowDown aria-hidden />
          {state.unread > 0 ? s.console.newLines(state.unread) : s.console.toEnd}
        </Button>
      )}
    </>
  )
}

function NoCommands({ server }: { server: ServerView }) {
  const { data: offer } = useQuery({ ...offeredQuery(server), enabled: server.permissions.includes('actions.use') })
  const offers = offer && (offer.items.length > 0 || offer.broadcast)
  return (
    <p className="shrink-0 border-t border-line bg-surface px-3.5 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] text-sm text-dim">
      {a.noCommands} {offers && a.useActions}
    </p>
  )
}

function InputBar({ controller, server }: { controller: ConsoleController; server: ServerView }) {
  const link = useSyncExternalStore(controller.link.socket.state.watch, controller.link.socket.state.get)
  const state = useSyncExternalStore(controller.state.watch, controller.state.get)
  const input = inputState({ link, revoked: state.revoked, nodeAwaySince: state.nodeAwaySince, mayWrite: server.permissions.includes('console.write'), refusal: refusal(server.actions, 'command') })
  return <CommandInput serverId={server.id} state={input} outcome={state.outcome} onCommand={(command) => controller.command(command)} />
}

function SearchBox({ controller, onClose }: { controller: ConsoleController; onClose: () => void }) {
  const [text, setText] = useState('')
  const matches = useSyncExternalStore(controller.matches.watch, controller.matches.get)
  const close = () => {
    controller.find('', 'next')
    onClose()
  }
  return (
    <div role="search" className="flex min-w-0 flex-1 items-center gap-0.5">
      <input
        autoFocus
        aria-label={s.console.search}
        value={text}
        placeholder={s.console.search}
        onChange={(event) => {
          setText(event.target.value)
          controller.find(event.target.value, 'previous', true)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') close()
          if (event.key === 'Enter') controller.find(text, event.shiftKey ? 'next' : 'previous')
        }}
        className="h-7 w-0 min-w-0 flex-1 rounded-sm bg-transparent px-2 text-sm outline-none sm:w-52 sm:flex-none"
      />
      <span role="status" className="tabular px-1 text-xs whitespace-nowrap text-dim">
        {text && s.console.matches(matches.index + 1, matches.count)}
      </span>
      <IconButton size="iconSm" label={s.console.searchPrevious} onClick={() => controller.find(text, 'previous')}><ArrowUp aria-hidden /></IconButton>
      <IconButton size="iconSm" label={s.console.searchNext} onClick={() => controller.find(text, 'next')}><ArrowDown aria-hidden /></IconButton>
      <IconButton size="iconSm" label={s.console.searchClose} onClick={close}><X aria-hidden /></IconButton>
    </div>
  )
}
