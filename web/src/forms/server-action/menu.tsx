/** What a game's plugin lets people do. What is not possible at the moment says why beneath its name. */
import { Megaphone } from 'lucide-react'
import type { ReactNode } from 'react'
import { BROADCAST } from '~/actions/offered'
import type { OfferedActionsView } from '~/api/types'
import { actions as a } from '~/strings/actions'
import type { OpenedBy } from '~/ui/lazy-menu'
import { Menu, MenuItem, MenuLine } from '~/ui/menu'
import { iconOf } from './icons'

type ActionsMenuProps = { offer: OfferedActionsView; trigger: ReactNode; openedBy: OpenedBy; onChoose: (action: string) => void }

export function ActionsMenu({ offer, trigger, openedBy, onChoose }: ActionsMenuProps) {
  return (
    <Menu trigger={trigger} openedBy={openedBy}>
      <div className="max-h-[60dvh] max-w-80 overflow-y-auto">
        {offer.items.map(({ action, reason }) => {
          const Icon = iconOf(action.icon)
          return <MenuItem key={action.id} icon={<Icon aria-hidden />} disabledReason={reason} onSelect={() => onChoose(action.id)}>{action.title}</MenuItem>
        })}
        {offer.broadcast && (
          <>
            {offer.items.length > 0 && <MenuLine />}
            <MenuItem icon={<Megaphone aria-hidden />} disabledReason={offer.broadcast.reason} onSelect={() => onChoose(BROADCAST)}>{a.broadcast}</MenuItem>
          </>
        )}
      </div>
    </Menu>
  )
}
