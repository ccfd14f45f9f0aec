/** The picture of the blueprint that a server was made from; its initials until the blueprints are here, or without it. */
import { useQuery } from '@tanstack/react-query'
import { blueprintsQuery } from '~/api/queries'
import type { ServerBlueprint } from '~/api/types'
import { GameIcon } from '~/ui/avatar'

export function BlueprintIcon({ blueprint, className }: { blueprint: Pick<ServerBlueprint, 'id' | 'name'>; className?: string }) {
  const { data: icon = '' } = useQuery({ ...blueprintsQuery, select: (page) => page.items.find((item) => item.id === blueprint.id)?.blueprint.icon ?? '' })
  return <GameIcon svg={icon} name={blueprint.name} className={className} />
}
