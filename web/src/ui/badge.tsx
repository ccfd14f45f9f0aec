/** A word in a pill: a tag, a role, a state that is not a server's. */
import type { ReactNode } from 'react'
import { cn } from './cn'

export type Tone = 'neutral' | 'accent' | 'ok' | 'warn' | 'bad' | 'info'

const TONES: Record<Tone, string> = {
  neutral: 'text-dim ring-line-strong',
  accent: 'bg-accent/10 text-accent ring-accent/30',
  ok: 'bg-ok/10 text-ok ring-ok/30',
  warn: 'bg-warn/10 text-warn ring-warn/30',
  bad: 'bg-bad/10 text-bad ring-bad/30',
  info: 'bg-info/10 text-info ring-info/30',
}

export const Badge = ({ tone = 'neutral', children, className }: { tone?: Tone; children: ReactNode; className?: string }) => (
  <span className={cn('inline-flex items-center gap-1 rounded-sm px-1.5 text-xs leading-5 whitespace-nowrap ring-1 ring-inset [&_svg]:size-3', TONES[tone], className)}>{children}</span>
)
