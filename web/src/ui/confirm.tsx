/** Asks before what cannot be undone. Deleting a thing of value, or all that is in it, asks for its name. */
import { useState, type ReactNode } from 'react'
import { s } from '~/strings'
import { Button } from './button'
import { Dialog, DialogBody, DialogFooter } from './dialog'
import { Field, Input } from './field'
import { ProblemCard } from './problem'

type ConfirmProps = {
  title: string
  body: ReactNode
  verb: string
  /** Typed before the button works. */
  typed?: string
  busy: boolean
  error?: unknown
  /** What it is about, where that is more than fits a sentence. */
  children?: ReactNode
  onConfirm: () => void
  onClose: () => void
}

export function Confirm({ title, body, verb, typed, busy, error, children, onConfirm, onClose }: ConfirmProps) {
  const [text, setText] = useState('')
  const blocked = typed !== undefined && text !== typed ? s.common.typeToConfirmReason(typed) : null
  return (
    <Dialog open onClose={onClose} title={title} description={body} size="sm">
      <form
        className="contents"
        onSubmit={(event) => {
          event.preventDefault()
          if (!blocked && !busy) onConfirm()
        }}
      >
        {(typed !== undefined || Boolean(error) || Boolean(children)) && (
          <DialogBody>
            {typed !== undefined && (
              <Field label={s.common.typeToConfirm(typed)}>
                <Input value={text} onChange={(event) => setText(event.target.value)} autoFocus autoComplete="off" spellCheck={false} />
              </Field>
            )}
            {Boolean(error) && <ProblemCard error={error} />}
            {children}
          </DialogBody>
        )}
        <DialogFooter>
          <Button autoFocus={typed === undefined} onClick={onClose}>{s.common.cancel}</Button>
          <Button type="submit" variant="danger" busy={busy} disabledReason={blocked}>
            {verb}
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  )
}
