/** Initials on a hue that follows from the name, the same in every place. */
import { cn } from './cn'

const hue = (name: string) => [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7)
const initials = (name: string) =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase()

export const Avatar = ({ name, className }: { name: string; className?: string }) => (
  <span
    aria-hidden
    // Drawn by CSS: it is a picture of the name that stands beside it, not more text to read.
    data-initials={initials(name)}
    className={cn('grid size-7 shrink-0 place-items-center rounded-full text-2xs font-semibold text-white select-none before:content-[attr(data-initials)]', className)}
    style={{ background: `oklch(0.5 0.11 ${String(hue(name))})` }}
  />
)

/** A blueprint's own picture, always through <img>: its SVG never becomes part of the page. */
export function GameIcon({ svg, name, className }: { svg: string; name: string; className?: string | undefined }) {
  if (svg === '') {
    return (
      <span aria-hidden className={cn('grid size-8 shrink-0 place-items-center rounded-md border border-line bg-sunken text-xs font-semibold text-dim', className)}>
        {initials(name)}
      </span>
    )
  }
  return <img alt="" src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`} className={cn('size-8 shrink-0 rounded-md', className)} />
}
