/** A dialog that is one form: fields, the problem of sending them, and two buttons. */
import type { ReactNode } from 'react'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { Dialog, DialogBody, DialogFooter } from '~/ui/dialog'
import { ProblemCard } from '~/ui/problem'

type FormDialogProps = { title: string; description?: string; verb: string; busy: boolean; error: unknown; disabledReason?: string | null; size?: 'sm' | 'md' | 'lg'; /** What closes it, where that calls nothing off. */ leave?: string; /** Where an error can be seen to. */ errorAction?: ReactNode; onSubmit: () => void; onClose: () => void; children: ReactNode }

export const FormDialog = ({ title, description, verb, busy, error, disabledReason, size = 'md', leave = s.common.cancel, errorAction, onSubmit, onClose, children }: FormDialogProps) => (
  <Dialog open onClose={onClose} title={title} description={description} size={size}>
    <form
      className="contents"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy && !disabledReason) onSubmit()
      }}
    >
      <DialogBody>
        {Boolean(error) && <ProblemCard error={error} action={errorAction} />}
        {children}
      </DialogBody>
      <DialogFooter>
        <Button onClick={onClose}>{leave}</Button>
        <Button type="submit" variant="primary" busy={busy} disabledReason={disabledReason}>{verb}</Button>
      </DialogFooter>
    </form>
  </Dialog>
)
