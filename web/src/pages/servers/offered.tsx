/** The button behind which a game's own actions are. Menu and dialog are fetched when the button is approached. */
import { useQuery } from '@tanstack/react-query'
import { ChevronDown, Zap } from 'lucide-react'
import { Suspense, lazy, useEffect, useSyncExternalStore } from 'react'
import { chosenAction, offeredQuery } from '~/actions/offered'
import type { ServerView } from '~/api/types'
import { actions as a } from '~/strings/actions'
import { Button } from '~/ui/button'
import { LazyMenu } from '~/ui/lazy-menu'

const fetchMenu = () => import('~/forms/server-action/menu')
const fetchDialog = () => import('~/forms/server-action/dialog')
const ActionsMenu = lazy(() => fetchMenu().then((module) => ({ default: module.ActionsMenu })))
const ActionDialog = lazy(() => fetchDialog().then((module) => ({ default: module.ActionDialog })))

export function OfferedActions({ server }: { server: ServerView }) {
  const { data: offer } = useQuery({ ...offeredQuery(server), enabled: server.permissions.includes('actions.use') })
  const chosen = useSyncExternalStore(chosenAction.watch, chosenAction.get)
  // Whoever leaves the server leaves its questions too.
  useEffect(() => () => chosenAction.set(null), [server.id])
  if (!server.permissions.includes('actions.use') || !offer || (offer.items.length === 0 && !offer.broadcast)) return null
  const preload = () => {
    void fetchMenu()
    void fetchDialog()
  }
  const trigger = (
    <Button>
      <Zap aria-hidden className="max-sm:hidden" />
      {a.label}
      <ChevronDown aria-hidden />
    </Button>
  )
  return (
    <>
      <LazyMenu trigger={trigger} preload={preload}>
        {(by) => <ActionsMenu offer={offer} trigger={trigger} openedBy={by} onChoose={(action) => chosenAction.set({ serverId: server.id, action })} />}
      </LazyMenu>
      {chosen?.serverId === server.id && (
        <Suspense fallback={null}>
          <ActionDialog key={chosen.action} server={server} offer={offer} action={chosen.action} form={chosen.form} onClose={() => chosenAction.set(null)} />
        </Suspense>
      )}
    </>
  )
}
