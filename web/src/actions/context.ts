/** The router's context where a component needs it: the live link, and who is signed in. */
import { getRouteApi } from '@tanstack/react-router'
import type { Live } from '~/api/live'
import type { CurrentSession } from '~/api/types'

const app = getRouteApi('/app')

export const useLive = (): Live => app.useRouteContext({ select: (context) => context.live })
export const useSession = (): CurrentSession => app.useRouteContext({ select: (context) => context.session })
