/**
 * CodeMirror as a component that is given its text once and asked for it when it is saved: the text is the editor's, and
 * no copy of it is kept in step. Tab leaves the editor, as it leaves any field.
 */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { EditorState } from '@codemirror/state'
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view'
import { useEffect, useEffectEvent, useImperativeHandle, useRef, type Ref } from 'react'

export type Source = { text: () => string }
type CodeMirrorProps = { ref: Ref<Source>; label: string; text: string; readOnly: boolean; onChange: (text: string) => void; onSave: () => void }

/** A file whose lines all end as on Windows keeps them so; in any other, a stray return is a character like others. */
const lineEnd = (text: string) => (text.includes('\r\n') && !/(^|[^\r])\n/.test(text) ? '\r\n' : '\n')

const look = EditorView.theme({
  '&': { flex: '1', minHeight: '0', fontSize: '13px', backgroundColor: 'var(--terminal)', color: 'var(--text)', borderRadius: '0 0 8px 8px' },
  '&.cm-focused': { outline: 'none' },
  // Gutters and panels stick above whatever the editor itself draws, so the ring lies above them.
  '&.cm-focused::after': { content: "''", position: 'absolute', inset: '0', zIndex: '400', outline: '2px solid var(--accent)', outlineOffset: '-2px', borderRadius: '0 0 7px 7px', pointerEvents: 'none' },
  '.cm-scroller': { fontFamily: "'JetBrains Mono Variable', ui-monospace, monospace", lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--dim)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--hover) 70%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'color-mix(in srgb, var(--accent) 28%, transparent)' },
  '.cm-panels': { backgroundColor: 'var(--sunken)', color: 'var(--text)', borderColor: 'var(--line)' },
  '.cm-textfield, .cm-button': { backgroundColor: 'var(--surface)', backgroundImage: 'none', color: 'var(--text)', border: '1px solid var(--line-strong)', borderRadius: '6px' },
})

export function CodeMirror({ ref, label, text, readOnly, onChange, onSave }: CodeMirrorProps) {
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const changed = useEffectEvent(onChange)
  const saved = useEffectEvent(onSave)
  useImperativeHandle(ref, () => ({ text: () => view.current?.state.sliceDoc() ?? text }), [text])
  useEffect(() => {
    if (!place.current) return
    const made = new EditorView({
      parent: place.current,
      doc: text,
      extensions: [
        EditorState.lineSeparator.of(lineEnd(text)),
        EditorState.readOnly.of(readOnly),
        lineNumbers(), highlightSpecialChars(), history(), drawSelection(), highlightActiveLine(), highlightActiveLineGutter(), highlightSelectionMatches(), search({ top: true }),
        keymap.of([{ key: 'Mod-s', preventDefault: true, run: () => (saved(), true) }, ...searchKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
        EditorView.updateListener.of((update) => update.docChanged && changed(update.state.sliceDoc())),
        look,
      ],
    })
    view.current = made
    made.focus()
    return () => made.destroy()
  }, [text, label, readOnly])
  return <div ref={place} className="flex min-h-0 flex-1 flex-col" />
}
