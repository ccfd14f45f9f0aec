/** Dialogs and sheets. Focus is held inside, Escape closes, and focus goes back to where it came from. */
import { X } from 'lucide-react'
import { Dialog as Primitive } from 'radix-ui'
import type { ReactNode } from 'react'
import { s } from '~/strings'
import { PlainIconButton } from './button'
import { cn } from './cn'

type DialogProps = {
  open: boolean
  onClose: () => void
  title: string
  description?: ReactNode
  size?: 'sm' | 'md' | 'lg' | 'xl'
  /** What it shows is lost with it: only its own button closes it, never a key or a press beside it. */
  held?: boolean
  children: ReactNode
}

const stay = (event: Event) => event.preventDefault()

const WIDTH = { sm: 'sm:max-w-md', md: 'sm:max-w-lg', lg: 'sm:max-w-2xl', xl: 'sm:max-w-5xl' }

/** On a phone it rises from the bottom edge, where thumbs are; elsewhere it stands in the middle. */
export function Dialog({ open, onClose, title, description, size = 'md', held = false, children }: DialogProps) {
  return (
    <Primitive.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-50 animate-in bg-black/55" {...(held && { onMouseDown: (event) => event.preventDefault() })} />
        <Primitive.Content
          {...(description ? {} : { 'aria-describedby': undefined })}
          {...(held && { onEscapeKeyDown: stay, onInteractOutside: stay })}
          className={cn(
            'fixed z-50 flex max-h-[92dvh] w-full animate-in flex-col border-line-strong bg-raised shadow-raised outline-none',
            'inset-x-0 bottom-0 rounded-t-lg border-t',
            'sm:inset-auto sm:top-[12vh] sm:left-1/2 sm:max-h-[76vh] sm:-translate-x-1/2 sm:rounded-lg sm:border',
            WIDTH[size],
          )}
        >
          <div className="flex items-start justify-between gap-4 px-5 pt-4 pb-3">
            <div>
              <Primitive.Title className="text-lg">{title}</Primitive.Title>
              {description && <Primitive.Description className="mt-1 text-sm text-dim">{description}</Primitive.Description>}
            </div>
            {!held && (
              <Primitive.Close asChild>
                <PlainIconButton label={s.common.close} className="-mr-2">
                  <X aria-hidden />
                </PlainIconButton>
              </Primitive.Close>
            )}
          </div>
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  )
}

export const DialogBody = ({ children, className }: { children: ReactNode; className?: string }) => (
  <div className={cn('flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-5 pt-1 pb-5', className)}>{children}</div>
)

export const DialogFooter = ({ children }: { children: ReactNode }) => (
  <div className="flex flex-col-reverse gap-2 border-t border-line bg-sunken/60 px-5 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:flex-row sm:justify-end sm:rounded-b-lg">
    {children}
  </div>
)

/** A panel from the left edge: the navigation on phones. */
export function Sheet({ open, onClose, title, children }: { open: boolean; onClose: () => void; title: string; children: ReactNode }) {
  return (
    <Primitive.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-50 animate-in bg-black/55" />
        <Primitive.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-50 flex w-72 max-w-[85vw] animate-in flex-col border-r border-line-strong bg-surface shadow-raised outline-none"
        >
          <Primitive.Title className="sr-only">{title}</Primitive.Title>
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  )
}
