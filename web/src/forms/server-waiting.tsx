/** Says which saved changes the running game does not know yet, and offers the restart that brings them in. */
import { RotateCw } from 'lucide-react'
import { useServerActions } from '~/actions/servers'
import type { ServerView, VariablesView } from '~/api/types'
import { waitingFor } from '~/lib/waiting'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { Notice } from '~/ui/problem'

export function ServerWaiting({ server, settings }: { server: ServerView; settings?: VariablesView | undefined }) {
  const { restart } = useServerActions(server)
  const names = waitingFor(server, settings)
  if (names.length === 0) return null
  return (
    <Notice
      tone="info"
      title={s.settings.waiting(names.length)}
      icon={<RotateCw aria-hidden />}
      action={<Button size="sm" className="shrink-0" disabledReason={restart.disabledReason} busy={restart.busy ?? false} onClick={restart.perform}>{s.settings.restartNow}</Button>}
    >
      {names.join(', ')}
    </Notice>
  )
}
