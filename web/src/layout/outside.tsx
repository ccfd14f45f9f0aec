/** The frame of the pages that stand outside: set-up and sign-in. */
import type { ReactNode } from 'react'
import { s } from '~/strings'
import { Logo } from '~/ui/logo'

export const Outside = ({ title, lead, children }: { title: string; lead: string; children: ReactNode }) => (
  <main className="grid h-full overflow-y-auto px-4 py-10" style={{ backgroundImage: 'radial-gradient(60rem 30rem at 50% -10rem, color-mix(in oklab, var(--accent-fill) 14%, transparent), transparent)' }}>
    <div className="m-auto w-full max-w-sm">
      <div className="mb-7 flex items-center justify-center gap-2.5 text-lg font-semibold tracking-tight">
        <Logo className="size-7" />
        {s.app}
      </div>
      <div className="rounded-lg border border-line bg-surface p-6 shadow-raised">
        <h1 className="text-lg">{title}</h1>
        <p className="mt-1 mb-5 text-sm text-dim">{lead}</p>
        {children}
      </div>
    </div>
  </main>
)
