/** Where commands are typed. Up and down walk through what was typed before on this server in this tab. */
import { ChevronRight, CornerDownLeft } from 'lucide-react'
import { useId, useState } from 'react'
import { s } from '~/strings'
import { IconButton } from '~/ui/button'
import { cn } from '~/ui/cn'
import { Tooltip } from '~/ui/tooltip'

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

type CommandInputProps = { serverId: string; disabledReason: string | null; onCommand: (command: string) => boolean }

export function CommandInput({ serverId, disabledReason, onCommand }: CommandInputProps) {
  const [text, setText] = useState('')
  const { past, remember } = useHistory(serverId)
  /** How far back in the history; 0 is the line that is being typed. */
  const [back, setBack] = useState(0)
  /** Whether Enter was pressed while nothing could be sent. */
  const [unsent, setUnsent] = useState(false)
  const id = useId()

  const walk = (step: number) => {
    const next = Math.min(past.length, Math.max(0, back + step))
    setBack(next)
    setText(next === 0 ? '' : (past[past.length - next] ?? ''))
  }
  const send = () => {
    const command = text.trim()
    if (disabledReason || command === '') return
    const sent = onCommand(command)
    setUnsent(!sent)
    if (!sent) return
    remember(command)
    setText('')
    setBack(0)
  }

  return (
    <form
      className="shrink-0 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)]"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <p role="status" className={cn('px-3.5 text-xs text-warn', unsent && !disabledReason && 'pt-1.5')}>
        {unsent && !disabledReason && s.console.connecting}
      </p>
      <div className="flex h-11 items-center gap-2 pr-1.5 pl-3.5">
        <ChevronRight aria-hidden className={cn('size-4 shrink-0', disabledReason ? 'text-dim' : 'text-accent')} />
        <label htmlFor={id} className="sr-only">
          {s.console.input}
        </label>
        <Tooltip content={disabledReason ?? s.console.placeholder}>
          <input
            id={id}
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              setUnsent(false)
              setBack(0)
            }}
            onKeyDown={(event) => {
              if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
                event.preventDefault()
                walk(event.key === 'ArrowUp' ? 1 : -1)
              }
            }}
            readOnly={Boolean(disabledReason)}
            aria-disabled={Boolean(disabledReason) || undefined}
            placeholder={disabledReason ?? s.console.placeholder}
            maxLength={4096}
            autoComplete="off"
            autoCapitalize="off"
            autoCorrect="off"
            spellCheck={false}
            className="h-full min-w-0 flex-1 bg-transparent font-mono text-base outline-none aria-disabled:cursor-not-allowed aria-disabled:text-dim sm:text-sm"
          />
        </Tooltip>
        <IconButton type="submit" label={s.console.send} disabledReason={disabledReason}>
          <CornerDownLeft aria-hidden />
        </IconButton>
      </div>
    </form>
  )
}
