/** Keys or app passwords as rows: what each is called, what tells it from others, when it was used, and a way to be rid of it. */
import type { LucideIcon } from 'lucide-react'
import { Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { s } from '~/strings'
import { sftp } from '~/strings/sftp'
import { IconButton } from '~/ui/button'
import { Ago } from '~/ui/time'

type Credential = { id: string; name: string; createdAt: string; lastUsedAt?: string | null }
type CredentialListProps<T> = { label: string; icon: LucideIcon; items: T[]; note?: (item: T) => ReactNode; more?: (item: T) => ReactNode; onRemove: (item: T) => void }

/** So many of a kind one person may have. */
export const MOST = 20

export const CredentialList = <T extends Credential>({ label, icon: Icon, items, note, more, onRemove }: CredentialListProps<T>) => (
  <ul aria-label={label} className="divide-y divide-line">
    {items.map((item) => (
      <li key={item.id} className="flex items-start gap-3 px-4 py-3">
        <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-dim" />
        <div className="min-w-0 flex-1">
          <p className="flex flex-wrap items-center gap-x-2 text-sm font-medium"><span className="min-w-0 break-words">{item.name}</span>{note?.(item)}</p>
          {more?.(item)}
          <p className="mt-0.5 text-xs text-dim">
            {sftp.added} <Ago at={item.createdAt} /> · {item.lastUsedAt ? <>{sftp.used} <Ago at={item.lastUsedAt} /></> : sftp.unused}
          </p>
        </div>
        <IconButton size="iconSm" label={`${s.common.remove}: ${item.name}`} onClick={() => onRemove(item)}><Trash2 aria-hidden /></IconButton>
      </li>
    ))}
  </ul>
)
