// The links between documents: each relative one has to lead to a file that is there, and its anchor to a heading or to
// an `<a id>`.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** What is wrong with the links of the documents, each with its place. */
export function deadLinks(root, documents) {
  const read = (path) => prose(readFileSync(join(root, path), 'utf8'))
  return documents.flatMap((document) =>
    linksOf(read(document)).flatMap(({ target, line }) => {
      const [path, anchor] = target.split('#')
      const file = path ? normalize(join(dirname(document), decodeURI(path))) : document
      const place = `${document}:${line}`
      if (!existsSync(join(root, file))) return `${place}: the link to ${target} leads to no file`
      if (anchor === undefined) return []
      const anchors = file.endsWith('.md') ? anchorsOf(read(file)) : []
      return anchors.includes(anchor) ? [] : `${place}: the link to ${target} leads to no anchor of ${file}`
    }),
  )
}

/** A document without its code, which may look like links and headings; lines stay where they are. */
function prose(markdown) {
  const empty = (code) => code.replace(/[^\n]/g, '')
  return markdown.replace(/^```[^]*?^```$/gm, empty)
}

/** Relative links: `[text](target)` and `[name]: target`. */
function linksOf(text) {
  const plain = text.replace(/(`+)(?!`)[^\n]*?[^`\n]\1(?!`)/g, (code) => ' '.repeat(code.length))
  const found = [...plain.matchAll(/\]\(([^()\s]+)[^()]*\)|^\[[^\]]+\]:\s+(\S+)/gm)]
  return found
    .map((link) => ({ target: link[1] ?? link[2], line: plain.slice(0, link.index).split('\n').length }))
    .filter(({ target }) => !/^[a-z][a-z\d+.-]*:/i.test(target))
}

/**
 * What links can lead to: `<a id>`, and headings in lower case, without punctuation, and numbered when they are there
 * twice.
 */
function anchorsOf(text) {
  const seen = new Map()
  const ids = [...text.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id]) => id)
  const headings = [...text.matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading]) => {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = words.replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-')
    const times = seen.get(anchor) ?? 0
    seen.set(anchor, times + 1)
    return times ? `${anchor}-${times}` : anchor
  })
  return [...ids, ...headings]
}
