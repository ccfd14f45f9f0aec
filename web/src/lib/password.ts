/** The shortest password that is taken; the control plane decides, this only says it earlier. */
import { s } from '~/strings'

export const PASSWORD_LEAST = 8
export const passwordProblem = (value: string): string | null => ([...value].length >= PASSWORD_LEAST ? null : s.rules.password(PASSWORD_LEAST))
