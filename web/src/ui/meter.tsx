/**
 * A share of something, as a bar with its number. Without a limit there is no share, and the bar is left out. It jumps:
 * a list of bars that glide after each sample would keep the browser drawing without end.
 */
import { cn } from './cn'

type MeterProps = { label: string; value: number; max: number; text: string; detail?: string; className?: string; size?: 'sm' | 'md' }

export function Meter({ label, value, max, text, detail, className, size = 'sm' }: MeterProps) {
  const share = max > 0 ? Math.min(1, Math.max(0, value / max)) : null
  const tone = share === null || share < 0.8 ? 'text-accent' : share < 0.95 ? 'text-warn' : 'text-bad'
  return (
    <div className={cn('min-w-0', className)}>
      <div className="tabular flex items-baseline justify-between gap-2 text-xs">
        <span className="truncate text-text">{text}</span>
        {detail && <span className="truncate text-dim">{detail}</span>}
      </div>
      {share !== null && (
        <div
          role="meter"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
          aria-valuetext={detail ? `${text} ${detail}` : text}
          className={cn('mt-1 overflow-hidden rounded-full bg-track', size === 'sm' ? 'h-1' : 'h-1.5')}
        >
          <div className={cn('h-full bg-linear-to-r from-current to-current bg-no-repeat', tone)} style={{ backgroundSize: `${String(share * 100)}% 100%` }} />
        </div>
      )}
    </div>
  )
}

type ProgressProps = { label: string; fraction: number | null; tone?: 'accent' | 'ok' | 'bad'; className?: string }

const PROGRESS_TONE = { accent: 'bg-accent', ok: 'bg-ok', bad: 'bg-bad' }

/** How far work is; with no fraction it only says that it goes on. */
export function ProgressBar({ label, fraction, tone = 'accent', className }: ProgressProps) {
  const share = fraction === null ? null : Math.min(1, Math.max(0, fraction))
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(share === null ? {} : { 'aria-valuenow': Math.round(share * 100) })}
      className={cn('h-1.5 overflow-hidden rounded-full bg-track', className)}
    >
      <div
        className={cn('h-full origin-left rounded-full transition-transform duration-300', PROGRESS_TONE[tone], share === null && 'w-1/3 animate-pulse')}
        style={share === null ? undefined : { transform: `scaleX(${String(share)})` }}
      />
    </div>
  )
}
