import { useCallback, useEffect, useState } from 'react'
import { useConnections, useIntegration, useMembrane } from '@membranehq/react'
import { Notice, Skeleton } from './parts.jsx'
import { Repositories } from './Repositories.jsx'
import { getRepositories } from './api.js'

export function Board() {
  const { connections, loading, error, refresh } = useConnections({ integrationKey: 'github' })
  // One that was begun and never finished is none.
  const connection = connections.find(({ state }) => state !== 'CLIENT_ACTION_REQUIRED')
  if (error) return <Notice title="GitHub cannot be reached" text="Please try again in a moment." />
  if (connection) return <Connected key={connection.id} connectionId={connection.id} onChanged={refresh} />
  if (loading) return <Skeleton />
  return (
    <Connect title="Connect GitHub" label="Connect GitHub" to={{ integrationKey: 'github' }} onConnected={refresh}>
      The board shows your repositories and opens issues in them. You can take the access back at any time.
    </Connect>
  )
}

/** What the backend got through the user's connection, or why it got nothing. */
function Connected({ connectionId, onChanged }) {
  const [repositories, setRepositories] = useState()
  const [failure, setFailure] = useState()
  const read = useCallback(async () => {
    setFailure(undefined)
    setRepositories(undefined)
    await getRepositories().then((answer) => setRepositories(answer.repositories), setFailure)
  }, [])
  useEffect(() => void read(), [read])
  const again = async () => {
    await onChanged()
    await read()
  }

  if (failure?.code === 'connect_again') {
    return (
      <Connect
        title="Connect GitHub again"
        warning="Connection lost"
        label="Connect again"
        to={{ connectionId }}
        onConnected={again}
      >
        GitHub no longer lets the board in. Connect again, and your repositories are back.
      </Connect>
    )
  }
  if (failure) {
    return (
      <Notice title="No repositories right now" text={failure.message}>
        <button type="button" className="primary" onClick={again}>Try again</button>
      </Notice>
    )
  }
  if (!repositories) return <Skeleton />
  return <Repositories repositories={repositories} onRefresh={read} onLost={setFailure} />
}

/** Opens Membrane's own page in a frame. A connection that is named by its id stays the same and works again. */
function Connect({ title, warning, label, to, onConnected, children }) {
  const membrane = useMembrane()
  const { integration } = useIntegration('github')
  const [outcome, setOutcome] = useState()
  const connect = async () => {
    setOutcome(undefined)
    try {
      const connection = await membrane.ui.connect({ ...to, theme: 'auto' })
      if (connection) await onConnected()
      else setOutcome('GitHub was not connected. You can try again whenever you like.')
    } catch (error) {
      setOutcome(error.message)
    }
  }
  return (
    <Notice warning={warning} title={title} text={children} logo={integration?.logoUri}>
      <button type="button" className="primary" onClick={connect}>{label}</button>
      {outcome && <p role="alert" className="failure">{outcome}</p>}
    </Notice>
  )
}
