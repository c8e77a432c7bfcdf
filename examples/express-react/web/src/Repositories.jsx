import { useState } from 'react'
import { openIssue } from './api.js'

export function Repositories({ repositories, onRefresh, onLost }) {
  return (
    <>
      <div className="heading">
        <h1>Repositories <span className="count">{repositories.length}</span></h1>
        <span className="state">GitHub connected</span>
        <button type="button" onClick={onRefresh}>Refresh</button>
      </div>
      <ul className="list">
        {repositories.map((repository) => <Repository key={repository.name} {...repository} onLost={onLost} />)}
      </ul>
    </>
  )
}

function Repository({ name, url, description, language, stars, issues, private: isPrivate, onLost }) {
  const [isWriting, setWriting] = useState(false)
  const [opened, setOpened] = useState()
  const [owner, ofOwner] = name.split('/')
  const done = (issue) => {
    setOpened(issue)
    setWriting(false)
  }
  return (
    <li className="card">
      <div className="row">
        <h2><a href={url}>{owner}/<wbr />{ofOwner}</a></h2>
        <button type="button" className="quiet" aria-expanded={isWriting} onClick={() => setWriting(!isWriting)}>
          New issue
        </button>
      </div>
      <p>{description}</p>
      <p className="facts">
        <span className="tag">{isPrivate ? 'Private' : 'Public'}</span>
        {language && <span className="language">{language}</span>}
        <span>{stars} {stars === 1 ? 'star' : 'stars'}</span>
        <span>{issues} open {issues === 1 ? 'issue' : 'issues'}</span>
      </p>
      {isWriting && <NewIssue repository={name} onDone={done} onLost={onLost} />}
      {opened && <p role="status" className="done">Opened <a href={opened.url}>#{opened.number}</a> {opened.title}</p>}
    </li>
  )
}

function NewIssue({ repository, onDone, onLost }) {
  const [title, setTitle] = useState('')
  const [failure, setFailure] = useState()
  const submit = (event) => {
    event.preventDefault()
    openIssue({ repository, title }).then(onDone, (error) => {
      if (error.code === 'connect_again') onLost(error)
      else setFailure(error)
    })
  }
  return (
    <form className="issue" onSubmit={submit}>
      <input
        aria-label="Title"
        placeholder="What is wrong?"
        required
        autoFocus
        value={title}
        onChange={({ target }) => setTitle(target.value)}
      />
      <button type="submit" className="primary">Open issue</button>
      {failure && <p role="alert" className="failure">{failure.message}</p>}
    </form>
  )
}
