/** A page's head: its one `h1`, what it is for, and what can be done here. */
import type { ReactNode } from 'react'
import { cn } from '~/ui/cn'

type PageProps = { title: ReactNode; lead?: ReactNode; actions?: ReactNode; tools?: ReactNode; children: ReactNode; width?: 'full' | 'normal' | 'form' }

const WIDTH = { full: 'max-w-480', normal: 'max-w-360', form: 'max-w-4xl' }

export const Page = ({ title, lead, actions, tools, children, width = 'normal' }: PageProps) => (
  <div className={cn('mx-auto w-full px-3 pt-5 pb-24 sm:px-6 sm:pt-6', WIDTH[width])}>
    <div className="mb-5 flex flex-wrap items-start justify-between gap-x-2 gap-y-3">
      <div className="mr-4 min-w-0">
        <h1 className="text-xl break-words">{title}</h1>
        {lead && <p className="mt-0.5 max-w-prose text-sm break-words text-dim">{lead}</p>}
      </div>
      {/* What narrows the page stands beside its actions, and on a phone beneath them at full width. */}
      {tools && <div className="flex items-center gap-2 max-sm:order-last max-sm:w-full sm:ml-auto">{tools}</div>}
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
    {children}
  </div>
)
