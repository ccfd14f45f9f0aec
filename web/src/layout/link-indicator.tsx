/** Whether what stands on the page is live. */
import { useLive } from '~/actions/context'
import { useLink } from '~/api/live'
import { ago } from '~/lib/format'
import { s } from '~/strings'
import { Glyph, type GlyphShape, type GlyphTone } from '~/ui/glyph'
import { useNow } from '~/ui/time'
import { Tooltip } from '~/ui/tooltip'

const LOOK = {
  connected: { shape: 'disc', tone: 'ok' },
  connecting: { shape: 'turning', tone: 'info' },
  lost: { shape: 'half', tone: 'warn' },
  ended: { shape: 'ring', tone: 'dim' },
} satisfies Record<string, { shape: GlyphShape; tone: GlyphTone }>

export function LinkIndicator() {
  const link = useLink(useLive())
  const now = useNow()
  const explain = link.status === 'lost' ? s.link.explain.lost(ago(link.since, now)) : s.link.explain[link.status]
  return (
    <Tooltip content={explain} side="bottom">
      <button type="button" className="flex h-8 cursor-default items-center gap-1.5 rounded-md px-2 text-xs text-dim">
        <Glyph {...LOOK[link.status]} className="size-2.5" />
        <span role="status" className="max-sm:sr-only">
          {s.link[link.status]}
        </span>
      </button>
    </Tooltip>
  )
}
