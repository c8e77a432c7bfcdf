// Forms of several parts, as a browser sends files.

const EDGE = 'edge'

/** A call's body: each part is what follows `form-data; `, its content, and its media type if it has one. */
export function multipart(...parts) {
  const pieces = parts.flatMap(([disposition, content, type]) => [
    `--${EDGE}\r\nContent-Disposition: form-data; ${disposition}\r\n${type ? `Content-Type: ${type}\r\n` : ''}\r\n`,
    content,
    '\r\n',
  ])
  const raw = Buffer.concat([...pieces, `--${EDGE}--\r\n`].map((piece) => Buffer.from(piece)))
  return { raw, type: `multipart/form-data; boundary=${EDGE}` }
}
