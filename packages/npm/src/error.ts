/** What an answer of the fake says went wrong. `message` says how to mend the call. */
export class MembraneMockError extends Error {
  override name = 'MembraneMockError'

  constructor(
    message: string,
    /** The HTTP status. */
    readonly status: number,
    /** The answer as it came: `{type, key?, message, data?}` where the fake answered. */
    readonly body: unknown,
  ) {
    super(message)
  }
}

/** Throws what an answer says where it is none of success. */
export function refusal(call: string, status: number, body: unknown): MembraneMockError {
  const message = typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : String(body)
  return new MembraneMockError(`${call} answered ${status}: ${message}`, status, body)
}
