/** A server's files: a directory, or one of its files in the editor. The address says which, so that both can be shared. */
import { getRouteApi } from '@tanstack/react-router'
import { Suspense, lazy } from 'react'
import { s } from '~/strings'
import { SkeletonRows } from '~/ui/empty'
import { Directory } from './directory'

const Editor = lazy(() => import('./editor').then((module) => ({ default: module.Editor })))
const route = getRouteApi('/app/servers/$serverId/files')

export function FilesPage() {
  const { path = '', edit } = route.useSearch()
  return edit ? (
    <Suspense fallback={<SkeletonRows rows={4} label={s.common.loading} />}>
      <Editor key={edit} path={edit} />
    </Suspense>
  ) : (
    <Directory key={path} path={path} />
  )
}
