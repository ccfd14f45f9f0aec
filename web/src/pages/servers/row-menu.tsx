/** What can be done to a server from its row in the list. */
import { useNavigate } from '@tanstack/react-router'
import { Copy, SquareTerminal } from 'lucide-react'
import type { ReactNode } from 'react'
import { powerActions, useServerActions } from '~/actions/servers'
import type { ServerView } from '~/api/types'
import { address } from '~/lib/format'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { copyText } from '~/ui/copy-button'
import type { OpenedBy } from '~/ui/lazy-menu'
import { Menu, MenuItem, MenuLine } from '~/ui/menu'
import { toast } from '~/ui/toast'

export function ServerRowMenu({ server, trigger, openedBy }: { server: ServerView; trigger: ReactNode; openedBy: OpenedBy }) {
  const navigate = useNavigate()
  const actions = powerActions(useServerActions(server)).filter((action) => !action.dangerous)
  const primary = server.endpoints[0]
  const copy = (text: string) => void copyText(text).then((done) => toast(done ? { title: s.copy.copied, detail: text } : { tone: 'bad', title: s.copy.failed, detail: text }))
  return (
    <Menu trigger={trigger} openedBy={openedBy}>
      {actions.map((action) => (
        <MenuItem key={action.id} icon={<action.icon aria-hidden />} disabledReason={action.disabledReason} onSelect={action.perform}>
          {action.label}
        </MenuItem>
      ))}
      <MenuLine />
      <MenuItem icon={<SquareTerminal aria-hidden />} onSelect={() => void navigate(to.server(server.id))}>{s.servers.openConsole}</MenuItem>
      <MenuItem icon={<Copy aria-hidden />} disabledReason={primary ? null : s.servers.noAddress} onSelect={() => primary && copy(address(primary))}>{s.servers.copyAddress}</MenuItem>
    </Menu>
  )
}
