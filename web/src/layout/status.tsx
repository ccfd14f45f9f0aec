/** A server's state: shape, colour, word, and since when. */
import type { ServerView } from '~/api/types'
import { serverStatus } from '~/lib/server-status'
import { cn } from '~/ui/cn'
import { Glyph } from '~/ui/glyph'
import { Since } from '~/ui/time'

type StatusProps = { server: ServerView; className?: string; layout?: 'inline' | 'stacked' }

export function ServerStatus({ server, className, layout = 'inline' }: StatusProps) {
  const look = serverStatus(server)
  return (
    <div className={cn('flex items-center gap-2 text-sm', className)} title={look.reason ?? undefined}>
      <Glyph shape={look.shape} tone={look.tone} />
      <span className={cn('flex min-w-0', layout === 'inline' ? 'items-baseline gap-1.5' : 'flex-col leading-4')}>
        <span data-testid="server-status">{look.word}</span>
        {look.since && <Since at={look.since} className="tabular text-xs whitespace-nowrap text-dim" />}
      </span>
    </div>
  )
}
