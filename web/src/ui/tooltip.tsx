/** A short explanation on hover and on focus. What it says is also the accessible description of its trigger. */
import { Tooltip as Primitive } from 'radix-ui'
import type { ReactNode } from 'react'

export const TooltipProvider = ({ children }: { children: ReactNode }) => (
  <Primitive.Provider delayDuration={300} skipDelayDuration={150}>
    {children}
  </Primitive.Provider>
)

type TooltipProps = { content: ReactNode; children: ReactNode; side?: 'top' | 'bottom' | 'left' | 'right' }

export const Tooltip = ({ content, children, side = 'top' }: TooltipProps) => (
  <Primitive.Root>
    <Primitive.Trigger asChild>{children}</Primitive.Trigger>
    <Primitive.Portal>
      <Primitive.Content
        side={side}
        sideOffset={6}
        collisionPadding={8}
        className="z-60 max-w-72 animate-in rounded-md border border-line-strong bg-raised px-2.5 py-1.5 text-xs text-text shadow-raised"
      >
        {content}
      </Primitive.Content>
    </Primitive.Portal>
  </Primitive.Root>
)
