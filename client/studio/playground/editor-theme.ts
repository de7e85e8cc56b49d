// How the editor looks: the studio's paper, ink and tinctures, in light and dark alike.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const view = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--paper)', fontSize: '0.86rem' },
  // The frame around it shows the focus.
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55', overflow: 'auto' },
  '.cm-content': { padding: '0.7rem 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 1rem 0 0.6rem' },
  '.cm-gutters': {
    backgroundColor: 'var(--paper)',
    color: 'var(--ink-soft)',
    border: 'none',
    borderRight: '1px solid var(--rule)',
  },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 0.5rem 0 0.8rem', minWidth: '2.4rem' },
  '.cm-gutter-lint': { width: '0.9rem' },
  '.cm-gutter-lint .cm-gutterElement': { padding: '0.35em 0 0 0.15rem' },
  '.cm-lint-marker': { width: '0.6rem', height: '0.6rem', borderRadius: '50%', content: 'none' },
  '.cm-lint-marker-error': { backgroundColor: 'var(--gules)' },
  '.cm-lint-marker-warning': { backgroundColor: 'var(--or)' },
  '.cm-lint-marker-info': { backgroundColor: 'var(--azure)' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--ink) 4%, transparent)' },
  '.cm-activeLineGutter': {
    backgroundColor: 'color-mix(in srgb, var(--ink) 4%, transparent)',
    color: 'var(--ink)',
  },
  '.cm-cursor': { borderLeftColor: 'var(--ink)', borderLeftWidth: '2px' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--azure) 24%, transparent)',
  },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
    backgroundColor: 'transparent',
    boxShadow: 'inset 0 -2px 0 var(--azure)',
  },
  '.cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket': { color: 'var(--gules)' },
  '.cm-lintRange': { backgroundImage: 'none', paddingBottom: '0' },
  '.cm-lintRange-error': { textDecoration: 'underline wavy var(--gules) 1.5px', textUnderlineOffset: '3px' },
  '.cm-lintRange-warning': { textDecoration: 'underline wavy var(--or) 1.5px', textUnderlineOffset: '3px' },
  '.cm-lintRange-info': { textDecoration: 'underline dotted var(--azure) 1.5px', textUnderlineOffset: '3px' },
  '.cm-tooltip': {
    backgroundColor: 'var(--paper)',
    border: '1px solid var(--ink)',
    borderRadius: 'var(--radius)',
    boxShadow: '0 10px 24px -12px var(--shadow)',
  },
  '.cm-diagnostic': { padding: '0.35rem 0.7rem', fontFamily: 'var(--serif)', fontSize: '0.95rem' },
  '.cm-diagnostic-error': { borderLeft: '4px solid var(--gules)' },
  '.cm-diagnostic-warning': { borderLeft: '4px solid var(--or)' },
  '.cm-diagnostic-info': { borderLeft: '4px solid var(--azure)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', maxHeight: '14rem' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--ink)', color: 'var(--paper)' },
  '.cm-completionDetail': { marginLeft: '0.8rem', fontStyle: 'normal', color: 'inherit', opacity: '0.7' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-tooltip.cm-completionInfo': {
    padding: '0.5rem 0.7rem',
    maxWidth: '22rem',
    fontFamily: 'var(--serif)',
    fontSize: '0.9rem',
  },
});

const ink = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword, tags.moduleKeyword, tags.modifier], color: 'var(--purpure)' },
  { tag: [tags.definitionKeyword, tags.operatorKeyword, tags.self], color: 'var(--purpure)' },
  { tag: [tags.typeName, tags.className, tags.namespace], color: 'var(--azure)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--vert)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--gules)' },
  { tag: [tags.comment, tags.docComment], color: 'var(--ink-soft)', fontStyle: 'italic' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--or)' },
  { tag: tags.definition(tags.function(tags.variableName)), color: 'var(--or)', fontWeight: '600' },
  { tag: [tags.meta, tags.annotation], color: 'var(--or)' },
  { tag: tags.invalid, color: 'var(--gules)' },
]);

export const theme = [view, syntaxHighlighting(ink)];
