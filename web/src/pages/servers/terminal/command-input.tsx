/** Where commands are typed. Up and down walk through what was typed before on this server in this tab. */
import { ChevronRight, CornerDownLeft, TriangleAlert } from 'lucide-react'
import { useId, useState } from 'react'
import { inputNote, type InputState, type Note, type Outcome } from '~/lib/console-input'
import { s } from '~/strings'
import { IconButton } from '~/ui/button'
import { cn } from '~/ui/cn'

const HISTORY_KEPT = 100

const read = (key: string): string[] => {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(key) ?? '[]')
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
  } catch {
    return []
  }
}

function useHistory(serverId: string) {
  const key = `gantry.commands.${serverId}`
  const [past, setPast] = useState(() => read(key))
  const remember = (command: string) => {
    const next = [...past.filter((known) => known !== command), command].slice(-HISTORY_KEPT)
    setPast(next)
    try {
      sessionStorage.setItem(key, JSON.stringify(next))
    } catch {
      // Storage may be forbidden; the history holds for this page.
    }
  }
  return { past, remember }
}

const TONE = { info: 'text-info', warn: 'text-warn', bad: 'text-bad' }

/** Always in the page, so that what comes to stand in it is read out. */
const NoteLine = ({ id, note }: { id: string; note: Note | null }) => (
  <p id={id} role="status" className={cn('text-xs', note && 'flex items-start gap-2 border-b border-line px-3.5 py-2', note && TONE[note.tone])}>
    {note && <TriangleAlert aria-hidden className="mt-px size-3.5 shrink-0" />}
    {note?.text}
  </p>
)

type CommandInputProps = { serverId: string; state: InputState; outcome: Outcome | null; onCommand: (command: string) => boolean }

export function CommandInput({ serverId, state, outcome, onCommand }: CommandInputProps) {
  const [text, setText] = useState('')
  /** Enter was pressed in vain. */
  const [held, setHeld] = useState(false)
  const [seen, setSeen] = useState(outcome)
  const { past, remember } = useHistory(serverId)
  /** How far back in the history; 0 is the line that is being typed. */
  const [back, setBack] = useState(0)
  const id = useId()
  const closed = state.kind === 'lost' || state.kind === 'closed'
  const note = inputNote(state, { held, written: text !== '' }, outcome?.command === text ? outcome : null)

  // A line that did not arrive comes back, unless the next one is being typed already.
  if (outcome !== seen) {
    setSeen(outcome)
    if (outcome && text === '') setText(outcome.command)
  }
  const write = (next: string, from = 0) => {
    setText(next)
    setBack(from)
    setHeld(false)
  }
  const walk = (step: number) => {
    const next = Math.min(past.length, Math.max(0, back + step))
    write(next === 0 ? '' : (past[past.length - next] ?? ''), next)
  }
  const send = () => {
    const command = text.trim()
    if (command === '') return
    if (state.kind !== 'ready' || !onCommand(command)) {
      setHeld(true)
      return
    }
    remember(command)
    write('')
  }

  return (
    <form
      className="shrink-0 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)]"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <NoteLine id={`${id}-note`} note={note} />
      <div className={cn('flex h-11 items-center gap-2 pr-1.5 pl-3.5 has-[input:focus-visible]:outline-2 has-[input:focus-visible]:-outline-offset-2 has-[input:focus-visible]:outline-accent', closed && 'bg-sunken')}>
        <ChevronRight aria-hidden className={cn('size-4 shrink-0', state.kind === 'ready' ? 'text-accent' : 'text-dim')} />
        <label htmlFor={id} className="sr-only">
          {s.console.input}
        </label>
        <input
          id={id}
          value={text}
          onChange={(event) => write(event.target.value)}
          onKeyDown={(event) => {
            // Not left to the form: it would press the button, which cannot be pressed when there is something to say.
            if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
              event.preventDefault()
              send()
            }
            if (!closed && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
              event.preventDefault()
              walk(event.key === 'ArrowUp' ? 1 : -1)
            }
          }}
          readOnly={closed}
          aria-disabled={closed || undefined}
          aria-describedby={note ? `${id}-note` : undefined}
          placeholder={state.kind === 'lost' ? '' : (state.says ?? s.console.placeholder)}
          maxLength={4096}
          autoComplete="off"
          autoCapitalize="off"
          autoCorrect="off"
          spellCheck={false}
          className="h-full min-w-0 flex-1 bg-transparent font-mono text-base outline-none aria-disabled:cursor-not-allowed aria-disabled:text-dim sm:text-sm"
        />
        <IconButton type="submit" label={s.console.send} disabledReason={closed ? state.says : null}>
          <CornerDownLeft aria-hidden />
        </IconButton>
      </div>
    </form>
  )
}
