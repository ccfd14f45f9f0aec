/** Menus that drop from a button. An item that cannot be used says why beneath its name. */
import { Check } from 'lucide-react'
import { DropdownMenu as Primitive } from 'radix-ui'
import { useEffect, useRef, type ReactNode } from 'react'
import { cn } from './cn'
import type { OpenedBy } from './lazy-menu'

type MenuProps = {
  trigger: ReactNode
  children: ReactNode
  align?: 'start' | 'end'
  side?: 'top' | 'bottom' | 'right'
  /** It is open from the start, having been asked for before it was there. */
  openedBy?: OpenedBy
}

export function Menu({ trigger, children, align = 'end', side = 'bottom', openedBy }: MenuProps) {
  const content = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (openedBy !== 'keys') return
    const frame = requestAnimationFrame(() => content.current?.querySelector<HTMLElement>('[role^="menuitem"]')?.focus())
    return () => cancelAnimationFrame(frame)
  }, [openedBy])
  return (
    <Primitive.Root modal={false} defaultOpen={openedBy !== undefined}>
      <Primitive.Trigger asChild>{trigger}</Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          ref={content}
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 min-w-48 animate-in rounded-lg border border-line-strong bg-raised p-1 shadow-raised"
        >
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  )
}

const itemStyle =
  'flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1.5 text-sm -outline-offset-2 outline-accent select-none focus-visible:outline-2 not-focus-visible:outline-none data-highlighted:bg-track [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-dim'

type ItemProps = { icon?: ReactNode; children: ReactNode; hint?: string; danger?: boolean; disabledReason?: string | null | undefined; onSelect: () => void }

export function MenuItem({ icon, children, hint, danger = false, disabledReason, onSelect }: ItemProps) {
  return (
    <Primitive.Item
      className={cn(itemStyle, danger && 'text-bad [&_svg]:text-bad', disabledReason && 'cursor-not-allowed text-dim [&_svg]:text-dim')}
      aria-disabled={Boolean(disabledReason) || undefined}
      onSelect={(event) => {
        if (disabledReason) event.preventDefault()
        else onSelect()
      }}
    >
      {icon}
      <span className="min-w-0 flex-1">
        {children}
        {disabledReason && <span className="block max-w-56 text-xs text-dim">{disabledReason}</span>}
      </span>
      {hint && <kbd className="font-mono text-2xs text-dim">{hint}</kbd>}
    </Primitive.Item>
  )
}

export function MenuRadio<T extends string>({ value, onChange, options }: { value: T; onChange: (value: T) => void; options: { value: T; label: string; icon: ReactNode }[] }) {
  return (
    <Primitive.RadioGroup value={value} onValueChange={(next) => onChange(next as T)}>
      {options.map((option) => (
        <Primitive.RadioItem key={option.value} value={option.value} className={itemStyle} onSelect={(event) => event.preventDefault()}>
          {option.icon}
          <span className="flex-1">{option.label}</span>
          <Primitive.ItemIndicator>
            <Check aria-hidden className="!text-accent" />
          </Primitive.ItemIndicator>
        </Primitive.RadioItem>
      ))}
    </Primitive.RadioGroup>
  )
}

type CheckProps = { checked: boolean; onChange: (checked: boolean) => void; children: ReactNode }

/** Stays open, since one seldom changes only one. */
export const MenuCheck = ({ checked, onChange, children }: CheckProps) => (
  <Primitive.CheckboxItem checked={checked} onCheckedChange={onChange} className={itemStyle} onSelect={(event) => event.preventDefault()}>
    <span className="grid size-4 place-items-center">
      <Primitive.ItemIndicator>
        <Check aria-hidden className="!text-accent" />
      </Primitive.ItemIndicator>
    </span>
    <span className="flex-1">{children}</span>
  </Primitive.CheckboxItem>
)

export const MenuLabel = ({ children }: { children: ReactNode }) => <Primitive.Label className="px-2.5 pt-1.5 pb-1 text-xs text-dim">{children}</Primitive.Label>
export const MenuLine = () => <Primitive.Separator className="my-1 h-px bg-line" />
