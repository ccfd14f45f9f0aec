/** What a part of the policy lists: each with what follows from it, and ways to change it and to be rid of it. */
import type { LucideIcon } from 'lucide-react'
import { Pencil, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { s } from '~/strings'
import { IconButton } from '~/ui/button'
import { Card } from '~/ui/card'

type RowProps = { icon: LucideIcon; title: ReactNode; name: string; note?: ReactNode; children?: ReactNode; editLabel?: string; onEdit: () => void; onRemove: () => void }

export const Row = ({ icon: Icon, title, name, note, children, editLabel, onEdit, onRemove }: RowProps) => (
  <li className="flex items-start gap-3 px-4 py-3">
    <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-dim" />
    <div className="min-w-0 flex-1">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm font-medium"><span className="min-w-0 wrap-anywhere">{title}</span>{note}</p>
      {children}
    </div>
    <span className="flex shrink-0 gap-1">
      <IconButton size="iconSm" label={editLabel ?? `${s.common.edit}: ${name}`} onClick={onEdit}><Pencil aria-hidden /></IconButton>
      <IconButton size="iconSm" label={`${s.common.remove}: ${name}`} onClick={onRemove}><Trash2 aria-hidden /></IconButton>
    </span>
  </li>
)

type PartProps = { title: string; help: string; add: ReactNode; icon: LucideIcon; none: string; noneHelp: string; empty: boolean; children: ReactNode }

/** Six empty parts stand one below the other where nobody has written a policy, so that each takes a line. */
const Nothing = ({ icon: Icon, none, noneHelp }: Pick<PartProps, 'icon' | 'none' | 'noneHelp'>) => (
  <div className="flex items-start gap-3 px-4 py-3 text-sm">
    <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-dim" />
    <p><span className="font-medium">{none}.</span> <span className="text-dim">{noneHelp}</span></p>
  </div>
)

/** Dialogs of a part stand beside its list, not in it. */
export const Part = ({ title, help, add, icon, none, noneHelp, empty, dialogs, children }: PartProps & { dialogs: ReactNode }) => (
  <Card flush title={title} help={help} actions={add}>
    {empty ? <Nothing icon={icon} none={none} noneHelp={noneHelp} /> : <ul aria-label={title} className="divide-y divide-line">{children}</ul>}
    {dialogs}
  </Card>
)
