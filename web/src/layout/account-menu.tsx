/** The account's button. */
import { lazy } from 'react'
import { useSession } from '~/actions/context'
import { s } from '~/strings'
import { Avatar } from '~/ui/avatar'
import { LazyMenu } from '~/ui/lazy-menu'

const fetchItems = () => import('./account-menu-items')
const AccountMenuItems = lazy(() => fetchItems().then((module) => ({ default: module.AccountMenuItems })))

export function AccountMenu() {
  const { user } = useSession()
  const trigger = (
    <button type="button" aria-label={s.account.menu} className="grid size-8 place-items-center rounded-full">
      <Avatar name={user.name} />
    </button>
  )
  return (
    <LazyMenu trigger={trigger} preload={() => void fetchItems()}>
      {(openedBy) => <AccountMenuItems trigger={trigger} openedBy={openedBy} />}
    </LazyMenu>
  )
}
