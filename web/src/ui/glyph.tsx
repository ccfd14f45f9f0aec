/** A state as a shape and a colour. The word always stands beside it, so the glyph itself is hidden from screen readers. */
import { cn } from './cn'

export type GlyphShape = 'disc' | 'ring' | 'half' | 'turning' | 'triangle' | 'dashed' | 'pause' | 'cross'
export type GlyphTone = 'ok' | 'warn' | 'bad' | 'info' | 'dim'

const TONE: Record<GlyphTone, string> = { ok: 'text-ok', warn: 'text-warn', bad: 'text-bad', info: 'text-info', dim: 'text-dim' }

function Shape({ shape }: { shape: GlyphShape }) {
  switch (shape) {
    case 'disc':
      return <circle cx="6" cy="6" r="4.25" fill="currentColor" />
    case 'ring':
      return <circle cx="6" cy="6" r="3.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
    case 'dashed':
      return <circle cx="6" cy="6" r="3.75" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2.2 1.7" />
    case 'half':
      return (
        <>
          <circle cx="6" cy="6" r="3.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
          <path d="M6 2.25a3.75 3.75 0 0 1 0 7.5z" fill="currentColor" />
        </>
      )
    case 'turning':
      return (
        <>
          <circle cx="6" cy="6" r="3.75" fill="none" stroke="currentColor" strokeOpacity="0.3" strokeWidth="1.75" />
          <path d="M6 2.25A3.75 3.75 0 0 1 9.75 6" fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" />
        </>
      )
    case 'triangle':
      return <path d="M6 1.6 11 10.4H1z" fill="currentColor" strokeLinejoin="round" stroke="currentColor" strokeWidth="0.5" />
    case 'pause':
      return (
        <>
          <rect x="2.5" y="2" width="2.5" height="8" rx="0.75" fill="currentColor" />
          <rect x="7" y="2" width="2.5" height="8" rx="0.75" fill="currentColor" />
        </>
      )
    case 'cross':
      return <path d="m3 3 6 6m0-6-6 6" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" />
  }
}

export const Glyph = ({ shape, tone, className }: { shape: GlyphShape; tone: GlyphTone; className?: string }) => (
  <svg aria-hidden viewBox="0 0 12 12" className={cn('size-3 shrink-0', TONE[tone], shape === 'turning' && 'animate-spin-slow', className)}>
    <Shape shape={shape} />
  </svg>
)
