/** The theme that was chosen, and the one that follows from it. `public/theme.js` applies it before the first paint. */
import { useSyncExternalStore } from 'react'
import { Store } from './store'

export type ThemeChoice = 'light' | 'dark' | 'system'
const KEY = 'gantry.theme'

const stored = (): ThemeChoice => {
  try {
    const value = localStorage.getItem(KEY)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system'
  }
}

const choice = new Store<ThemeChoice>(typeof localStorage === 'undefined' ? 'system' : stored())
/** The theme in force; charts and the terminal draw with colours they read once, and follow this. */
const applied = new Store<'light' | 'dark'>('light')

function apply(): void {
  const picked = choice.get()
  const dark = picked === 'dark' || (picked === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  applied.set(dark ? 'dark' : 'light')
}

/** Applies the choice, and follows the system from here on. */
export function startTheme(): void {
  apply()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply)
}

export function setTheme(next: ThemeChoice): void {
  try {
    if (next === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, next)
  } catch {
    // Storage may be forbidden; the choice holds for this page.
  }
  choice.set(next)
  apply()
}

export const useThemeChoice = (): ThemeChoice => useSyncExternalStore(choice.watch, choice.get)
export const useTheme = (): 'light' | 'dark' => useSyncExternalStore(applied.watch, applied.get)

/** A token's colour, for what draws on a canvas. */
export const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
