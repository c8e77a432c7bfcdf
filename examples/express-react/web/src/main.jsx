import { StrictMode, useCallback, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { MembraneProvider } from '@membranehq/react'
import { Board } from './Board.jsx'
import { SignIn } from './SignIn.jsx'
import { Notice, Page } from './parts.jsx'
import { getSession, signOut } from './api.js'
import './style.css'

const freshToken = async () => (await getSession()).token

function App() {
  const [session, setSession] = useState()
  const [failure, setFailure] = useState()
  const read = useCallback(() => getSession().then(setSession, setFailure), [])
  useEffect(() => void read(), [read])

  if (failure?.code === 'signed_out') return <SignIn onSignedIn={() => location.reload()} />
  if (failure) return <Page><Notice title="The board is not there" text="Please try again in a moment." /></Page>
  if (!session) return <Page />
  const leave = () => signOut().then(() => location.reload())
  return (
    <MembraneProvider apiUri={session.apiUri} token={session.token} fetchToken={freshToken}>
      <Page user={session.user} onSignOut={leave}><Board /></Page>
    </MembraneProvider>
  )
}

createRoot(document.getElementById('root')).render(<StrictMode><App /></StrictMode>)
