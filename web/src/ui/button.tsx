/**
 * Buttons. There is no `disabled`: a button that cannot be used takes the reason, stays focusable, and says it — on
 * hover, on focus, on touch and to screen readers. For a finger it reaches 40 px, however small it looks.
 */
import { cva, type VariantProps } from 'class-variance-authority'
import { LoaderCircle } from 'lucide-react'
import type { ComponentPropsWithRef, MouseEvent } from 'react'
import { cn } from './cn'
import { Tooltip } from './tooltip'

export const buttonStyle = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap select-none transition-colors [&_svg]:shrink-0 aria-disabled:cursor-not-allowed',
  {
    variants: {
      variant: {
        primary: 'bg-accent-fill text-on-accent hover:bg-accent-fill-hover aria-disabled:bg-sunken aria-disabled:text-dim aria-disabled:ring-1 aria-disabled:ring-line aria-disabled:ring-inset',
        secondary:
          'bg-surface text-text ring-1 ring-line-strong ring-inset hover:bg-hover aria-disabled:bg-transparent aria-disabled:text-dim aria-disabled:ring-line',
        ghost: 'text-dim hover:bg-hover hover:text-text aria-disabled:text-dim aria-disabled:opacity-60 aria-disabled:hover:bg-transparent aria-disabled:hover:text-dim',
        danger: 'bg-bad-fill text-white hover:brightness-110 aria-disabled:bg-sunken aria-disabled:text-dim aria-disabled:ring-1 aria-disabled:ring-line aria-disabled:ring-inset',
        dangerGhost: 'text-bad ring-1 ring-line-strong ring-inset hover:bg-bad/10 aria-disabled:text-dim aria-disabled:ring-line aria-disabled:hover:bg-transparent',
      },
      size: {
        sm: 'relative h-7 px-2.5 text-sm pointer-coarse:before:absolute pointer-coarse:before:inset-x-0 pointer-coarse:before:-inset-y-1.5 [&_svg]:size-3.5',
        md: 'h-8 px-3 text-sm [&_svg]:size-4',
        lg: 'h-10 px-4 text-base [&_svg]:size-4',
        icon: 'relative size-8 pointer-coarse:before:absolute pointer-coarse:before:-inset-1 [&_svg]:size-4',
        iconSm: 'relative size-7 pointer-coarse:before:absolute pointer-coarse:before:-inset-1.5 [&_svg]:size-3.5',
      },
    },
    defaultVariants: { variant: 'secondary', size: 'md' },
  },
)

type Look = VariantProps<typeof buttonStyle>
type Base = Omit<ComponentPropsWithRef<'button'>, 'disabled' | 'aria-label'> &
  Look & {
    /** Why it cannot be used just now; absent when it can. */
    disabledReason?: string | null | undefined
    /** Its work is under way; a second press does nothing. */
    busy?: boolean
  }

export function Button({ variant, size, className, disabledReason, busy = false, children, onClick, type = 'button', ...rest }: Base) {
  const blocked = Boolean(disabledReason) || busy
  const guard = (event: MouseEvent<HTMLButtonElement>) => {
    if (blocked) {
      event.preventDefault()
      return
    }
    onClick?.(event)
  }
  const button = (
    <button
      type={type}
      className={cn(buttonStyle({ variant, size }), className)}
      aria-disabled={blocked || undefined}
      aria-busy={busy || undefined}
      onClick={guard}
      {...rest}
    >
      {busy && <LoaderCircle aria-hidden className="animate-spin-slow" />}
      {children}
    </button>
  )
  // With a reason or without, it stays the same element: it would lose the focus otherwise.
  return <Tooltip content={disabledReason}>{button}</Tooltip>
}

type IconButtonProps = Omit<Base, 'children' | 'size'> & { label: string; children: Base['children']; size?: 'icon' | 'iconSm'; hint?: string }

/** A button that is only an icon: its label is its name and its tooltip. */
export function IconButton({ label, hint, size = 'icon', variant = 'ghost', disabledReason, children, ...rest }: IconButtonProps) {
  return (
    <Tooltip content={disabledReason ?? (hint ? `${label} · ${hint}` : label)}>
      <PlainIconButton label={label} size={size} variant={variant} blocked={Boolean(disabledReason)} {...rest}>
        {children}
      </PlainIconButton>
    </Tooltip>
  )
}

type PlainIconButtonProps = Omit<IconButtonProps, 'hint' | 'disabledReason'> & { blocked?: boolean }

/** The same without a tooltip, for triggers of menus. */
export function PlainIconButton({ label, size = 'icon', variant = 'ghost', blocked = false, busy = false, className, onClick, children, ...rest }: PlainIconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      aria-disabled={blocked || busy || undefined}
      className={cn(buttonStyle({ variant, size }), className)}
      onClick={(event) => {
        if (blocked || busy) event.preventDefault()
        else onClick?.(event)
      }}
      {...rest}
    >
      {busy ? <LoaderCircle aria-hidden className="animate-spin-slow" /> : children}
    </button>
  )
}
