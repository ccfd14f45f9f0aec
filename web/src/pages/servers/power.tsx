/** Start, stop, restart; and kill, which is held. Each that cannot be used says why. */
import { Skull } from 'lucide-react'
import { useServerActions } from '~/actions/servers'
import type { ServerView } from '~/api/types'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { HoldButton } from '~/ui/hold-button'

export function PowerGroup({ server }: { server: ServerView }) {
  const { start, stop, restart, kill } = useServerActions(server)
  return (
    <div role="group" aria-label={s.server.power} className="flex flex-wrap items-center gap-2">
      {[start, restart, stop].map((action) => (
        <Button
          key={action.id}
          variant={action === start && !start.disabledReason ? 'primary' : 'secondary'}
          disabledReason={action.disabledReason}
          busy={action.busy ?? false}
          onClick={action.perform}
        >
          {/* On a phone the words alone, so that the game's own actions stand in the same row. */}
          {!action.busy && <action.icon aria-hidden className="max-sm:hidden" />}
          {action.label}
        </Button>
      ))}
      <HoldButton compact verb={kill.label} help={s.server.killHelp} icon={<Skull aria-hidden />} disabledReason={kill.disabledReason} onHeld={kill.perform} />
    </div>
  )
}
