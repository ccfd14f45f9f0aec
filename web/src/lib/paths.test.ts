import { expect, test } from 'vitest'
import { aimed, base, copyName, crumbs, isName, join, parent, spell } from './paths'

test('paths come apart as they were joined', () => {
  expect(join('', 'a')).toBe('a')
  expect(join('a/b', 'c')).toBe('a/b/c')
  expect([parent('a/b/c'), base('a/b/c'), parent('a'), base('a')]).toEqual(['a/b', 'c', '', 'a'])
  expect(crumbs('a/b')).toEqual([{ name: 'a', path: 'a' }, { name: 'b', path: 'a/b' }])
})

test('a name alone stays in its folder', () => {
  expect(aimed('baseoa/notes.cfg', 'notes2.cfg')).toBe('baseoa/notes2.cfg')
  expect(aimed('notes.cfg', 'notes2.cfg')).toBe('notes2.cfg')
  expect(aimed('baseoa/notes.cfg', '/notes2.cfg')).toBe('notes2.cfg')
  expect(aimed('baseoa/notes.cfg', 'maps/notes2.cfg')).toBe('maps/notes2.cfg')
  expect(aimed('baseoa/notes.cfg', '/maps/notes2.cfg')).toBe('maps/notes2.cfg')
})

test('only names that would mislead are escaped', () => {
  for (const plain of ['100%.txt', '%41', 'Übung', 'a b']) expect(spell(plain)).toBe(plain)
  expect(spell('%%41')).toBe('%%%25%2541')
  expect(spell('gnp\u202e.exe')).toBe('%%gnp%E2%80%AE.exe')
})

test('a name is one part and nothing that steers', () => {
  expect(isName('server.cfg')).toBe(true)
  for (const bad of ['', '.', '..', 'a/b', 'a\nb']) expect(isName(bad)).toBe(false)
})

test('a copy gets a name that is free', () => {
  expect(copyName('a.txt', new Set())).toBe('a copy.txt')
  expect(copyName('a.txt', new Set(['a copy.txt', 'a copy 2.txt']))).toBe('a copy 3.txt')
  expect(copyName('.hidden', new Set())).toBe('.hidden copy')
})
