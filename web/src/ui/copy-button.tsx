/** Copies a text and says so. Where the clipboard is closed (plain HTTP), an old way is tried before giving up. */
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { s } from '~/strings'
import { Button, IconButton } from './button'
import { toast } from './toast'

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.style.position = 'fixed'
    area.style.opacity = '0'
    const holder = document.querySelector('[role="dialog"]') ?? document.body
    holder.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
}

function useCopied(): [boolean, (text: string) => void] {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1_500)
    return () => clearTimeout(timer)
  }, [copied])
  const run = (text: string) => {
    void copyText(text).then((done) => (done ? setCopied(true) : toast({ tone: 'bad', title: s.copy.failed })))
  }
  return [copied, run]
}

export function CopyButton({ text, what, className }: { text: string; what: string; className?: string }) {
  const [copied, copy] = useCopied()
  return (
    <IconButton size="iconSm" label={copied ? s.copy.copied : s.copy.what(what)} className={className} onClick={() => copy(text)}>
      {copied ? <Check aria-hidden className="text-ok" /> : <Copy aria-hidden />}
    </IconButton>
  )
}

export function CopyTextButton({ text, children }: { text: string; children: string }) {
  const [copied, copy] = useCopied()
  return (
    <Button size="sm" onClick={() => copy(text)}>
      {copied ? <Check aria-hidden className="text-ok" /> : <Copy aria-hidden />}
      {copied ? s.copy.copied : children}
    </Button>
  )
}
