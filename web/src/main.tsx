/** The composition root: query cache, live link, router, theme. In mock mode the mock API is put in place first. */
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider, createRouter } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './app.css'
import { Live } from './api/live'
import { ApiError } from './api/problem'
import { keys, sessionQuery } from './api/queries'
import { Opening, PageError, PagePending } from './layout/states'
import { againAfter, asksAgain } from './lib/again'
import { startTheme } from './lib/theme'
import { routeTree } from './routes/tree'
import { TooltipLayer } from './ui/tooltip'

/** A session that ended elsewhere: whatever noticed it, the way leads to sign-in. */
function sessionEnded(error: unknown): void {
  if (!(error instanceof ApiError) || error.code !== 'not_signed_in' || queries.getQueryData(keys.session) === null) return
  live.stop()
  queries.setQueryData(keys.session, null)
  void router.invalidate()
}

/** The live link says that the session may have ended or changed: the page is built for the one that there is now. */
async function sessionChanged(): Promise<void> {
  const session = await queries.fetchQuery({ ...sessionQuery, staleTime: 0 })
  if (session === null) live.stop()
  await router.invalidate()
}

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: sessionEnded }),
  mutationCache: new MutationCache({ onError: sessionEnded }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: asksAgain,
      retryDelay: (failed, error) => againAfter(failed, error),
    },
  },
})
// A session that cannot be read now is read by the next call that needs it.
const live = new Live(queries, () => void sessionChanged().catch(() => undefined))

const router = createRouter({
  routeTree,
  context: { queries, live },
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  defaultPendingMs: 250,
  defaultPendingComponent: PagePending,
  defaultErrorComponent: PageError,
  InnerWrap: Opening,
  scrollRestoration: false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

async function start(): Promise<void> {
  if (import.meta.env.MODE === 'mock') (await import('../mock-api/install')).install()
  startTheme()
  const root = document.getElementById('root')
  if (!root) throw new Error('index.html has no #root')
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
        <TooltipLayer />
      </QueryClientProvider>
    </StrictMode>,
  )
}

void start()
