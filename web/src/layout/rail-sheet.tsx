/** The navigation on phones. */
import { s } from '~/strings'
import { Sheet } from '~/ui/dialog'
import { Rail } from './rail'

export function RailSheet({ onClose }: { onClose: () => void }) {
  return (
    <Sheet open onClose={onClose} title={s.nav.label}>
      <Rail collapsed={false} onGo={onClose} />
    </Sheet>
  )
}
