/** What the account's button opens. */
import { useNavigate } from '@tanstack/react-router'
import { LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react'
import type { ReactNode } from 'react'
import { useSession } from '~/actions/context'
import { useSignOut } from '~/actions/session'
import { setTheme, useThemeChoice } from '~/lib/theme'
import { to } from '~/routes/to'
import { s } from '~/strings'
import type { OpenedBy } from '~/ui/lazy-menu'
import { Menu, MenuItem, MenuLabel, MenuLine, MenuRadio } from '~/ui/menu'

export function AccountMenuItems({ trigger, openedBy }: { trigger: ReactNode; openedBy: OpenedBy }) {
  const { user } = useSession()
  const navigate = useNavigate()
  const signOut = useSignOut()
  const theme = useThemeChoice()
  return (
    <Menu trigger={trigger} openedBy={openedBy}>
      <div className="px-2.5 py-1.5">
        <p className="text-sm font-medium">{user.name}</p>
        <p className="text-xs text-dim">{user.email}</p>
      </div>
      <MenuLine />
      <MenuItem icon={<UserRound aria-hidden />} onSelect={() => void navigate(to.account())}>
        {s.account.settings}
      </MenuItem>
      <MenuLine />
      <MenuLabel>{s.account.theme}</MenuLabel>
      <MenuRadio
        value={theme}
        onChange={setTheme}
        options={[
          { value: 'light', label: s.account.light, icon: <Sun aria-hidden /> },
          { value: 'dark', label: s.account.dark, icon: <Moon aria-hidden /> },
          { value: 'system', label: s.account.system, icon: <Monitor aria-hidden /> },
        ]}
      />
      <MenuLine />
      <MenuItem icon={<LogOut aria-hidden />} onSelect={signOut}>
        {s.account.signOut}
      </MenuItem>
    </Menu>
  )
}
