import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './control.js'
import { refusal } from './error.js'

/** The shapes of the control API by name, such as `Schemas['Stub']`. */
export type Schemas = components['schemas']

/** A client of the whole control API: `control.GET(path, {params, body})` with every path, query, body and answer typed. */
export type ControlClient = Client<paths>

/** Makes a client of the control API at the address of a server. What is refused throws a `MembraneMockError`. */
export function controlClient(url: string, controlToken?: string): ControlClient {
  const client = createClient<paths>({
    baseUrl: url,
    ...(controlToken === undefined ? {} : { headers: { authorization: `Bearer ${controlToken}` } }),
  })
  client.use({
    async onResponse({ request, response }) {
      if (response.ok) return
      const text = await response.text()
      let body: unknown = text
      try {
        body = JSON.parse(text)
      } catch {
        // It is no answer of the fake's, so it is shown as it came.
      }
      throw refusal(`${request.method} ${new URL(request.url).pathname}`, response.status, body)
    },
  })
  return client
}

/** The body of an answer of success. Its shape says that there is one; an error was thrown before. */
export async function answered<T>(call: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  const { data } = await call
  if (data === undefined || data === null) throw new TypeError('the server answered without a body')
  return data
}
