/** Signing out: the link closes first, so that nothing of the old session arrives after it. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import { to } from '~/routes/to'
import { toast } from '~/ui/toast'
import { useLive } from './context'

export function useSignOut(): () => void {
  const queries = useQueryClient()
  const live = useLive()
  const navigate = useNavigate()
  const signOut = useMutation({
    mutationFn: () => take(client.POST('/api/auth/sign-out')),
    onSuccess: async () => {
      live.stop()
      queries.clear()
      queries.setQueryData(keys.session, null)
      await navigate(to.signIn())
    },
    onError: (error) => toast({ tone: 'bad', title: toApiError(error).title, detail: toApiError(error).detail }),
  })
  return () => signOut.mutate()
}
