/** The whole page as a place to drop files and folders on. It is a second way to what the upload buttons do by keyboard. */
import { useState, type DragEvent, type KeyboardEvent, type ReactNode } from 'react'
import { ofDrop } from '~/lib/chosen'
import { files as f } from '~/strings/files'
import { toast } from '~/ui/toast'

type DropPlaceProps = { name: string; disabled: boolean; onFound: (found: Awaited<ReturnType<typeof ofDrop>>['found']) => void; onKeyDown: (event: KeyboardEvent<HTMLElement>) => void; children: ReactNode }

export function DropPlace({ name, disabled, onFound, onKeyDown, children }: DropPlaceProps) {
  const [over, setOver] = useState(false)
  const take = async (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    if (disabled) return
    const { found, unread } = await ofDrop(event.dataTransfer.items)
    if (unread.length > 0) toast({ tone: 'bad', title: f.unread(unread.length), detail: unread.slice(0, 5).join(', ') })
    onFound(found)
  }
  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className="relative"
      onKeyDown={onKeyDown}
      onDragOver={(event) => {
        if (disabled || !event.dataTransfer.types.includes('Files')) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && setOver(false)}
      onDrop={(event) => void take(event)}
    >
      {children}
      {over && (
        <div className="pointer-events-none absolute inset-0 z-20 grid place-items-center rounded-lg bg-accent/10 outline-2 outline-accent">
          <p className="rounded-md border border-line-strong bg-raised px-4 py-2 text-sm font-medium shadow-raised">{f.drop(name)}</p>
        </div>
      )}
    </div>
  )
}
