/** What can be done to a schedule beside switching it: behind a button in its row and on its page. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { CircleStop, Copy, Ellipsis, Pencil, Play, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { schedulesKey } from '~/api/queries'
import { scheduleQuery } from '~/api/schedule-queries'
import type { ScheduleView, ServerView } from '~/api/types'
import { to } from '~/routes/to'
import { schedules as t } from '~/strings/schedules'
import { PlainIconButton } from '~/ui/button'
import { Confirm } from '~/ui/confirm'
import { Menu, MenuItem, MenuLine } from '~/ui/menu'
import { toast } from '~/ui/toast'
import type { useScheduleActs } from './acting'

type ScheduleMenuProps = { server: ServerView; schedule: ScheduleView; acts: ReturnType<typeof useScheduleActs>; /** Where its page has a button of its own for the first two. */ place: 'row' | 'page'; onDeleted?: () => void }

export function ScheduleMenu({ server, schedule, acts, place, onDeleted }: ScheduleMenuProps) {
  const navigate = useNavigate()
  const [deleting, setDeleting] = useState(false)
  return (
    <>
      <Menu trigger={<PlainIconButton label={t.menu(schedule.name)}><Ellipsis aria-hidden /></PlainIconButton>}>
        {place === 'row' && (
          <>
            <MenuItem icon={<Play aria-hidden />} disabledReason={acts.run.reason} onSelect={acts.run.perform}>{t.runNow}</MenuItem>
            {acts.callOff.shown && <MenuItem icon={<CircleStop aria-hidden />} disabledReason={acts.callOff.reason} onSelect={acts.callOff.perform}>{t.callOff}</MenuItem>}
            <MenuItem icon={<Pencil aria-hidden />} disabledReason={acts.edit.reason} onSelect={() => void navigate(to.editSchedule(server.id, schedule.id))}>{t.edit}</MenuItem>
          </>
        )}
        <MenuItem icon={<Copy aria-hidden />} disabledReason={acts.duplicate.reason} onSelect={() => void navigate(to.newSchedule(server.id, { copy: schedule.id }))}>{t.duplicate}</MenuItem>
        <MenuLine />
        <MenuItem danger icon={<Trash2 aria-hidden />} disabledReason={acts.remove.reason} onSelect={() => setDeleting(true)}>{t.delete}</MenuItem>
      </Menu>
      {deleting && <DeleteSchedule server={server} schedule={schedule} onDeleted={onDeleted} onClose={() => setDeleting(false)} />}
    </>
  )
}

function DeleteSchedule({ server, schedule, onDeleted, onClose }: { server: ServerView; schedule: ScheduleView; onDeleted: (() => void) | undefined; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/servers/{id}/schedules/{scheduleId}', { params: { path: { id: server.id, scheduleId: schedule.id } } })),
    onSuccess: async () => {
      toast({ title: t.deleted(schedule.name) })
      onClose()
      onDeleted?.()
      queries.removeQueries({ queryKey: scheduleQuery(server.id, schedule.id).queryKey })
      await queries.invalidateQueries({ queryKey: schedulesKey(server.id) })
    },
  })
  return <Confirm title={t.deleteTitle(schedule.name)} body={t.deleteBody} verb={t.delete} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={onClose} />
}
