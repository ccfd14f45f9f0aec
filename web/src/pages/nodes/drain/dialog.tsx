/** Asks how a node is to be drained, or how a drain that goes on is to be another. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import type { NodeView } from '~/api/types'
import { FormDialog } from '~/forms/form-dialog'
import { dayAndTime } from '~/lib/format'
import { drains as t } from '~/strings/drains'
import { Checkbox, Field, Select, Textarea } from '~/ui/field'
import { toast } from '~/ui/toast'

/** Letters of what players are told. */
const LONGEST_MESSAGE = 300
const USUAL_WAIT = '1800'
const AS_IT_IS = ''

export function DrainDialog({ node, onClose }: { node: NodeView; onClose: () => void }) {
  const queries = useQueryClient()
  const present = node.drain
  const [wait, setWait] = useState(present ? AS_IT_IS : USUAL_WAIT)
  const [message, setMessage] = useState(present?.message ?? t.usual)
  const [backup, setBackup] = useState(present?.backup ?? false)
  const drain = useMutation({
    mutationFn: () => take(client.PUT('/api/nodes/{id}/drain', { params: { path: { id: node.id } }, body: { message: message.trim(), backup, ...(wait !== AS_IT_IS && { waitSeconds: Number(wait) }) } })),
    onSuccess: (drained) => {
      queries.setQueryData([...keys.nodes, node.id], drained)
      void queries.invalidateQueries({ queryKey: keys.nodes })
      toast({ title: present ? t.changed : t.begun(node.name) })
      onClose()
    },
  })
  const problem = drain.error ? toApiError(drain.error) : null
  return (
    <FormDialog title={present ? t.changeTitle : t.title(node.name)} description={present ? t.changeBody : t.body} verb={present ? t.save : t.begin} busy={drain.isPending} error={drain.error} onSubmit={() => drain.mutate()} onClose={onClose}>
      <Field label={t.time} help={t.timeHelp} error={problem?.field('waitSeconds')}>
        <Select value={wait} onChange={(event) => setWait(event.target.value)} autoFocus>
          {present && <option value={AS_IT_IS}>{t.keepTime(dayAndTime(present.deadline))}</option>}
          {Object.entries(t.times).map(([seconds, words]) => <option key={seconds} value={seconds}>{words}</option>)}
        </Select>
      </Field>
      <Field label={t.message} help={t.messageHelp} error={problem?.field('message')}>
        <Textarea value={message} onChange={(event) => setMessage(event.target.value.replace(/\s*\n\s*/g, ' '))} maxLength={LONGEST_MESSAGE} rows={2} className="min-h-14" />
      </Field>
      <Checkbox label={t.backup} help={t.backupHelp} checked={backup} onChange={setBackup} />
    </FormDialog>
  )
}
