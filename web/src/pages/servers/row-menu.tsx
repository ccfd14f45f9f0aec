/** What can be done to a server from its row in the list. */
import type { ReactNode } from 'react'
import { powerActions, useServerActions } from '~/actions/servers'
import type { ServerView } from '~/api/types'
import type { OpenedBy } from '~/ui/lazy-menu'
import { Menu, MenuItem } from '~/ui/menu'

export function ServerRowMenu({ server, trigger, openedBy }: { server: ServerView; trigger: ReactNode; openedBy: OpenedBy }) {
  const actions = powerActions(useServerActions(server)).filter((action) => !action.dangerous)
  return (
    <Menu trigger={trigger} openedBy={openedBy}>
      {actions.map((action) => (
        <MenuItem key={action.id} icon={<action.icon aria-hidden />} disabledReason={action.disabledReason} onSelect={action.perform}>
          {action.label}
        </MenuItem>
      ))}
    </Menu>
  )
}
