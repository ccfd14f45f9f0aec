/** An action is declared once; buttons, menus and the palette are drawn from it. */
import type { LucideIcon } from 'lucide-react'

export type Action = {
  id: string
  label: string
  icon: LucideIcon
  /** Further words that find it in the palette. */
  keywords?: string
  /** Why it cannot be done now; null when it can. */
  disabledReason: string | null
  /** Its work has been asked for and not answered yet. */
  busy?: boolean
  /** It ends something at once: drawn red, and held rather than clicked where a pointer could slip. */
  dangerous?: boolean
  perform: () => void
}
