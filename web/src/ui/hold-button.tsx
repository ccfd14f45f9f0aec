/**
 * A button for what cannot be undone in a moment of haste: it acts only after it was held. By keyboard it is held the
 * same way, with Space or Enter. What it is doing is said, and shown as a filling bar.
 */
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { s } from '~/strings'
import { buttonStyle } from './button'
import { cn } from './cn'
import { Tooltip } from './tooltip'

const HOLD_MS = 900

type HoldButtonProps = { verb: string; help: string; icon: ReactNode; onHeld: () => void; disabledReason?: string | null | undefined; className?: string; compact?: boolean }

export function HoldButton({ verb, help, icon, onHeld, disabledReason, className, compact = false }: HoldButtonProps) {
  const [holding, setHolding] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)

  const release = () => {
    clearTimeout(timer.current)
    timer.current = undefined
    setHolding(false)
  }
  const press = () => {
    if (disabledReason || timer.current !== undefined) return
    setHolding(true)
    timer.current = setTimeout(() => {
      release()
      onHeld()
    }, HOLD_MS)
  }
  useEffect(() => () => clearTimeout(timer.current), [])

  return (
    <Tooltip content={disabledReason ?? `${s.common.holdTo(verb)}. ${help}`}>
      <button
        type="button"
        aria-disabled={Boolean(disabledReason) || undefined}
        aria-label={compact ? s.common.holdTo(verb) : undefined}
        className={cn(buttonStyle({ variant: 'dangerGhost', size: compact ? 'icon' : 'md' }), 'relative touch-none overflow-hidden', className)}
        onPointerDown={press}
        onPointerUp={release}
        onPointerLeave={release}
        onPointerCancel={release}
        onContextMenu={(event) => event.preventDefault()}
        onBlur={release}
        onKeyDown={(event) => {
          if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) {
            event.preventDefault()
            press()
          }
        }}
        onKeyUp={release}
      >
        <span
          aria-hidden
          className={cn('absolute inset-0 origin-left bg-bad/30', holding ? 'scale-x-100' : 'scale-x-0')}
          style={{ transition: holding ? `transform ${String(HOLD_MS)}ms linear` : 'none' }}
        />
        {icon}
        {!compact && <span className="relative">{verb}</span>}
      </button>
    </Tooltip>
  )
}
