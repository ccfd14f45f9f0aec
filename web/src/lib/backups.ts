/** What people call a backup. */
import type { Backup } from '~/api/types'
import { backups as t } from '~/strings/backups'
import { moment } from './format'

/** What the control plane calls one that nobody named. */
const USUAL_NAME = 'Backup'

export const isNamed = ({ name }: Pick<Backup, 'name'>): boolean => name !== USUAL_NAME

/** Its name; of one that nobody named the time, which tells it from others. */
export const nameOf = (backup: Pick<Backup, 'name' | 'createdAt'>): string => (isNamed(backup) ? backup.name : t.unnamed(moment(backup.createdAt)))
