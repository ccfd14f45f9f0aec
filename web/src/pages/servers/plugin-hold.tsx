/** That the plugin of a server's game keeps failing, for everybody who may look at the server. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CirclePause } from 'lucide-react'
import { useSession } from '~/actions/context'
import { serverHoldsQuery } from '~/api/page-queries'
import type { ServerView } from '~/api/types'
import { clock } from '~/lib/format'
import { to } from '~/routes/to'
import { pluginHold as t } from '~/strings/plugin-hold'
import { Notice } from '~/ui/problem'
import { useNow } from '~/ui/time'

export function PluginHold({ server }: { server: ServerView }) {
  const { administrator } = useSession().user
  const now = useNow()
  const { data } = useQuery(serverHoldsQuery(server.id))
  const items = data?.items ?? []
  // What its node cannot do weighs more than what forms cannot.
  const hold = items.find((one) => one.onNode) ?? items[0]
  if (!data || !hold) return null
  const isDue = new Date(hold.until).getTime() <= now
  return (
    <Notice tone="warn" title={t.title} icon={<CirclePause aria-hidden />}>
      <p>
        {hold.onNode ? t.onNode(data.name, data.version) : t.here(data.name, data.version)} {isDue ? t.due : t.next(clock(hold.until))}
      </p>
      {hold.reason && <p className="break-words text-text">{hold.reason}</p>}
      {administrator && (
        <p className="mt-1 text-xs">
          <Link {...to.plugins()} className="underline">{t.look}</Link>
        </p>
      )}
    </Notice>
  )
}
