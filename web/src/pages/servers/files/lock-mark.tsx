/** Says of a file that only the game and its plugin write it: on hover and focus, and on a tap, as of what cannot be used. */
import { Lock } from 'lucide-react'
import { files as f } from '~/strings/files'
import { Tooltip } from '~/ui/tooltip'

export const LockMark = () => (
  <Tooltip content={f.protectedWhy}>
    <button type="button" aria-disabled aria-label={f.protected} className="grid size-6 shrink-0 cursor-help place-items-center rounded text-dim">
      <Lock aria-hidden className="size-3.5" />
    </button>
  </Tooltip>
)
