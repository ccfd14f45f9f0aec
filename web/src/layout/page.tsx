/** A page's head: its one `h1`, what it is for, and what can be done here. */
import type { ReactNode } from 'react'
import { cn } from '~/ui/cn'

type PageProps = { title: ReactNode; lead?: ReactNode; actions?: ReactNode; children: ReactNode; width?: 'full' | 'normal' | 'form' }

const WIDTH = { full: 'max-w-480', normal: 'max-w-360', form: 'max-w-4xl' }

export const Page = ({ title, lead, actions, children, width = 'normal' }: PageProps) => (
  <div className={cn('mx-auto w-full px-3 pt-5 pb-24 sm:px-6 sm:pt-6', WIDTH[width])}>
    <div className="mb-5 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-xl">{title}</h1>
        {lead && <p className="mt-0.5 max-w-prose text-sm text-dim">{lead}</p>}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
    {children}
  </div>
)
