/** Joins class names; a later Tailwind class wins over an earlier one of the same kind, so callers can adjust. */
import { clsx, type ClassValue } from 'clsx'
import { extendTailwindMerge } from 'tailwind-merge'

const merge = extendTailwindMerge({ extend: { classGroups: { 'font-size': [{ text: ['2xs', 'xs', 'sm', 'base', 'lg', 'xl', '2xl'] }] } } })

export const cn = (...inputs: ClassValue[]): string => merge(clsx(inputs))
