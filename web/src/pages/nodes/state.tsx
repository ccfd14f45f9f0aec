import type { NodeView } from '~/api/types'
import { s } from '~/strings'
import { drains } from '~/strings/drains'
import { Glyph, type GlyphShape, type GlyphTone } from '~/ui/glyph'
import { Ago } from '~/ui/time'

const LOOK: Record<NodeView['state'], { shape: GlyphShape; tone: GlyphTone }> = {
  connected: { shape: 'disc', tone: 'ok' },
  disconnected: { shape: 'triangle', tone: 'bad' },
  awaiting_enrollment: { shape: 'dashed', tone: 'warn' },
}

export const NodeStateLabel = ({ node }: { node: NodeView }) => (
  <span className="flex items-center gap-2 text-sm">
    <Glyph {...LOOK[node.state]} />
    <span className="flex min-w-0 flex-col leading-4">
      {s.nodes.state[node.state]}
      {node.drain && <span className="text-xs text-warn">{drains.badge[String(node.drain.done)]}</span>}
      {node.state === 'disconnected' && node.lastSeenAt && <Ago at={node.lastSeenAt} className="text-xs text-dim" />}
    </span>
  </span>
)
