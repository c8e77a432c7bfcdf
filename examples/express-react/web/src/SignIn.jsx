import { useState } from 'react'
import { signIn } from './api.js'
import { Notice, Page } from './parts.jsx'

export function SignIn({ onSignedIn }) {
  const [name, setName] = useState('')
  const [failure, setFailure] = useState()
  const submit = (event) => {
    event.preventDefault()
    signIn(name).then(onSignedIn, setFailure)
  }
  return (
    <Page>
      <Notice title="Welcome to Repo board" text="All your repositories in one place.">
        <form className="sign-in" onSubmit={submit}>
          <input
            aria-label="Your name"
            placeholder="Your name"
            required
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
          <button type="submit" className="primary">Sign in</button>
        </form>
        {failure && <p role="alert" className="failure">{failure.message}</p>}
      </Notice>
    </Page>
  )
}
